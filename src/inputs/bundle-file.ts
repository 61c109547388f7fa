import { dirname, resolve } from 'node:path';
import type { Context } from '../context.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { defined } from './defined.ts';
import { fieldErrors, type PlaceOf, settingOf } from './field-errors.ts';
import type { Node } from './fields.ts';
import { readText } from './files.ts';
import { lockPathOf, readLock } from './lock-file.ts';
import { makeSpec } from './make-spec.ts';
import { parseMapping } from './mapping.ts';
import { type Given, type Layers, variablesOf, withOverrides } from './overrides.ts';
import { placesIn } from './places.ts';
import { type BundleDocument, bundleJsonSchema, bundleSchema } from './schema.ts';
import { variableOf } from './settings.ts';
import type { BundleSpec } from './spec.ts';

export interface BundleInput {
  /** Path of bundle.yaml; absent: `bundle.yaml` in the working folder, if it is there. */
  readonly file?: string;
  readonly given: Given;
}

/**
 * Reads bundle.yaml, lays variables and flags over it, checks all of it, and reads the files that it names.
 * @throws AirgapError or Failures of class usage; io when a file cannot be read
 */
export async function readBundleSpec(input: BundleInput, context: Context): Promise<BundleSpec> {
  const path = resolve(context.cwd, input.file ?? 'bundle.yaml');
  const layers: Layers = { flags: input.given, variables: variablesOf(context.env) };
  const written = await readDocument(path, input.file === undefined && isAnyGiven(layers));
  const document = withOverrides(written, layers, context.cwd);
  const placeAt = placesIn(path, layers);
  const checked = validate(document, path, layers);
  const spec = await makeSpec(checked, dirname(path), context, placeAt);
  const lockPath = lockPathOf(path);
  return { ...spec, ...defined({ lock: await readLock(lockPath) }), lockPath };
}

/**
 * Checks what a bundle.yaml would hold as `readBundleSpec` does, variables left out.
 * @param path where it would lie
 * @param given what flags said of it, for messages
 * @throws AirgapError or Failures of class usage; io when a file that it names cannot be read
 */
export async function checkDocument(
  document: unknown,
  path: string,
  given: Given,
  context: Context,
): Promise<void> {
  await makeSpec(validate(document, path, { flags: given, variables: {} }), dirname(path), context);
}

const bundleFile = 'the bundle file';

/** @param mayBeAbsent flags or variables may say everything that the file would */
async function readDocument(path: string, mayBeAbsent: boolean): Promise<Record<string, unknown>> {
  try {
    return parseMapping(
      await readText(path, bundleFile),
      path,
      bundleFile,
      'apiVersion: airgap-bundle/v1',
    );
  } catch (error) {
    if (!isAbsent(error)) throw error;
    if (mayBeAbsent) return { apiVersion: 'airgap-bundle/v1' };
    throw new AirgapError('usage', error.message, {
      given: path,
      expected: 'a file that starts with `apiVersion: airgap-bundle/v1`',
      next: 'make one with `airgap-bundle init`, or name another with -f FILE',
      cause: error,
    });
  }
}

function isAbsent(error: unknown): error is AirgapError {
  if (!(error instanceof AirgapError)) return false;
  return (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

function isAnyGiven({ flags, variables }: Layers): boolean {
  return Object.values({ ...variables, ...flags }).some((value) => value !== undefined);
}

function validate(document: unknown, path: string, layers: Layers): BundleDocument {
  const result = bundleSchema.safeParse(document);
  if (result.success) return result.data;
  const schema = bundleJsonSchema() as Node;
  const placeOf = placesOf(path, layers);
  const placeAt = placesIn(path, layers);
  const errors = fieldErrors(result.error.issues, { document, schema, placeOf, placeAt });
  if (errors.length === 1 && errors[0]) throw errors[0];
  throw new Failures(`${path} has ${errors.length} mistakes`, errors);
}

/** A flag or variable that gave a field is named in place of the file. */
function placesOf(path: string, { flags, variables }: Layers): PlaceOf {
  return (field) => {
    const setting = settingOf(field);
    if (setting && flags[setting.name] !== undefined) return `--${setting.name}`;
    if (setting && variables[setting.name] !== undefined) return variableOf(setting);
    return path;
  };
}
