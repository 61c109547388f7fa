import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { Ajv } from 'ajv';
import { execa } from 'execa';
import { toolPath } from '../helpers/tools.ts';

const library = dirname(
  createRequire(import.meta.url).resolve('@cyclonedx/cyclonedx-library/package.json'),
);

/** What CycloneDX' own library has against a document, strictly; empty: nothing. */
export async function cycloneDxFaults(text: string): Promise<unknown[]> {
  try {
    const faults = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
    return faults === null ? [] : [faults].flat();
  } catch (cause) {
    if (!(cause instanceof Validation.MissingOptionalDependencyError)) throw cause;
    return schemaFaults(text);
  }
}

/** Its own schema by the validator that it would take, where the formats that it asks for are not installed. */
function schemaFaults(text: string): unknown[] {
  validate(JSON.parse(text));
  return validate.errors ?? [];
}

const validate = schemaValidator();

function schemaValidator() {
  const schema = (name: string) =>
    JSON.parse(readFileSync(join(library, 'res/schema', `${name}.SNAPSHOT.schema.json`), 'utf8'));
  const of = ['spdx', 'jsf-0.82', 'cryptography-defs'];
  const named = of.map((name) => [
    `http://cyclonedx.org/schema/${name}.SNAPSHOT.schema.json`,
    schema(name),
  ]);
  const schemas = Object.fromEntries(named);
  const ajv = new Ajv({ strict: false, addUsedSchema: false, schemas });
  ajv.addFormat('date-time', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/);
  for (const format of ['iri-reference', 'idn-email', 'email', 'uri', 'string']) {
    ajv.addFormat(format, true);
  }
  return ajv.compile(schema('bom-1.6'));
}

/** What SPDX' own tools have against a document; empty: nothing. */
export async function spdxFaults(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-spdx-'));
  try {
    const path = join(folder, 'sbom.spdx.json');
    await writeFile(path, text);
    const { exitCode, all } = await execa(toolPath('pyspdxtools'), ['--infile', path], {
      all: true,
      reject: false,
    });
    return exitCode === 0 ? '' : all;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
