import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Spec, Validation } from '@cyclonedx/cyclonedx-library';
import { execa } from 'execa';
import { toolPath } from '../helpers/tools.ts';

/** What CycloneDX' own library has against a document, strictly; empty: nothing. */
export async function cycloneDxFaults(text: string): Promise<unknown[]> {
  const faults = await new Validation.JsonStrictValidator(Spec.Version.v1dot6).validate(text);
  return faults === null ? [] : [faults].flat();
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
