import { dirname, resolve } from 'node:path';
import { load, YAMLException } from 'js-yaml';
import type * as z from 'zod';
import type { Context } from '../context.ts';
import { AirgapError, Failures } from '../report/error.ts';
import { readText } from './files.ts';
import { makeSpec } from './make-spec.ts';
import { type Given, withOverrides } from './overrides.ts';
import { type BundleDocument, bundleSchema } from './schema.ts';
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
  const written = await readDocument(path, input);
  const document = validate(withOverrides(written, input.given, context.env, context.cwd), path);
  return makeSpec(document, dirname(path), context);
}

async function readDocument(path: string, input: BundleInput): Promise<Record<string, unknown>> {
  try {
    return parseDocument(await readText(path, 'the bundle file'), path);
  } catch (error) {
    const absent =
      error instanceof AirgapError &&
      error.class === 'usage' &&
      !(error.cause instanceof YAMLException);
    const allGiven =
      input.file === undefined && Object.values(input.given).some((value) => value !== undefined);
    if (absent && allGiven) return { apiVersion: 'airgap-bundle/v1' };
    throw error;
  }
}

function parseDocument(text: string, path: string): Record<string, unknown> {
  const document = parseYaml(text, path);
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    return document as Record<string, unknown>;
  }
  throw new AirgapError('usage', 'the bundle file holds no mapping', {
    given: path,
    expected: 'YAML that starts with `apiVersion: airgap-bundle/v1`',
  });
}

function parseYaml(text: string, path: string): unknown {
  try {
    return load(text);
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    const at = cause.mark ? `:${cause.mark.line + 1}:${cause.mark.column + 1}` : '';
    throw new AirgapError('usage', `the bundle file is not valid YAML: ${cause.reason}`, {
      given: `${path}${at}`,
      cause,
    });
  }
}

function validate(document: unknown, path: string): BundleDocument {
  const result = bundleSchema.safeParse(document);
  if (result.success) return result.data;
  const errors = result.error.issues.flatMap(flatten).map((issue) => issueError(issue, path));
  if (errors.length === 1 && errors[0]) throw errors[0];
  throw new Failures(`${path} has ${errors.length} mistakes`, errors);
}

type Issue = z.core.$ZodIssue;

/** A union says only "no form fits": name what is wrong with the form that the value comes nearest to. */
function flatten(issue: Issue): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const forms = issue.errors.filter((form) =>
    form.every((inner) => inner.path.length > 0 || inner.code !== 'invalid_type'),
  );
  const nearest = forms[0];
  if (!nearest) return [issue];
  return nearest.flatMap((inner) => flatten({ ...inner, path: [...issue.path, ...inner.path] }));
}

function issueError(issue: Issue, path: string): AirgapError {
  const field = fieldName(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const names = issue.keys.map((key) => JSON.stringify(key)).join(', ');
    return new AirgapError('usage', `unknown field ${names}${field ? ` in ${field}` : ''}`, {
      given: path,
      expected: 'a field of bundle.schema.json',
    });
  }
  const missing = issue.code === 'invalid_type' && issue.input === undefined;
  return new AirgapError('usage', missing ? `${field} is missing` : `${field}: ${issue.message}`, {
    given: path,
    ...(field === 'version' ? { next: `quote it: version: "1.4"` } : {}),
  });
}

/** `images[3].list` for the path `['images', 3, 'list']`. */
function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, key) =>
      typeof key === 'number'
        ? `${name}[${key}]`
        : name === ''
          ? String(key)
          : `${name}.${String(key)}`,
    '',
  );
}
