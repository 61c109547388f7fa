import type * as z from 'zod';
import { AirgapError } from '../report/error.ts';
import {
  allowedFields,
  describeField,
  type FieldPath,
  fieldName,
  isNear,
  type Node,
  nearestField,
} from './fields.ts';
import { nowhere, type PlaceAt } from './places.ts';
import { type Setting, settings } from './settings.ts';

type Issue = z.core.$ZodIssue;

/** Where a field's value came from: the path of bundle.yaml, a flag, or a variable. */
export type PlaceOf = (field: FieldPath) => string;

/** A document that was refused. */
export interface Refused {
  readonly document: unknown;
  /** The JSON Schema that it should meet. */
  readonly schema: Node;
  readonly placeOf: PlaceOf;
  /** The same for machines. */
  readonly placeAt?: PlaceAt;
}

/**
 * What is wrong with a document, a mistake each, in words that name the field, what stands there and what may.
 * @param issues zod's
 */
export function fieldErrors(issues: readonly Issue[], refused: Refused): AirgapError[] {
  return issues
    .flatMap((issue) => flatten(issue, refused.document))
    .flatMap((issue) => issueErrors(issue, refused));
}

/** A union says only "no form fits": where the value is meant as one of them, say what is wrong with that. */
function flatten(issue: Issue, document: unknown): Issue[] {
  if (issue.code !== 'invalid_union') return [issue];
  const value = valueAt(document, issue.path);
  const possible = issue.errors.filter((inner) => !isOfOtherKind(inner));
  const meant = isMapping(value)
    ? possible.filter((inner) => Object.keys(value).some((key) => isMeant(inner, key)))
    : possible.filter(() => Array.isArray(value));
  const form = nearestForm(meant);
  if (!form) return [issue];
  return form.flatMap((inner) =>
    flatten({ ...inner, path: [...issue.path, ...inner.path] } as Issue, document),
  );
}

/** The only form, or the only one with the fewest mistakes. */
function nearestForm(forms: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const fewest = Math.min(...forms.map(({ length }) => length));
  const nearest = forms.filter(({ length }) => length === fewest);
  return nearest.length === 1 ? nearest[0] : undefined;
}

function isOfOtherKind(form: readonly Issue[]): boolean {
  return form.some(({ path, code }) => path.length === 0 && code === 'invalid_type');
}

/** Whether a mapping's key belongs to this form, or is a near spelling of what the form misses. */
function isMeant(form: readonly Issue[], key: string): boolean {
  const missing = form.flatMap(({ path }) => (path.length === 1 ? [String(path[0])] : []));
  const unknown = form.flatMap((inner) => (inner.code === 'unrecognized_keys' ? inner.keys : []));
  return !unknown.includes(key) || missing.some((name) => isNear(name, key));
}

function issueErrors(issue: Issue, refused: Refused): AirgapError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => unknownField(issue.path, key, refused));
  }
  const value = valueAt(refused.document, issue.path);
  return [value === undefined ? missing(issue.path, refused) : wrong(issue, value, refused)];
}

function unknownField(
  path: FieldPath,
  key: string,
  { schema, placeOf, placeAt = nowhere }: Refused,
): AirgapError {
  const near = nearestField(schema, path, key);
  return new AirgapError('usage', `unknown field ${fieldName([...path, key])}`, {
    given: placeOf([...path, key]),
    expected: near ? undefined : allowedFields(schema, path).join(', '),
    next: near ? `did you mean ${near}?` : undefined,
    place: placeAt([...path, key]),
  });
}

function missing(path: FieldPath, { schema, placeOf, placeAt = nowhere }: Refused): AirgapError {
  const setting = settingOf(path);
  return new AirgapError('usage', `${fieldName(path)} is missing`, {
    given: placeOf(path),
    expected: describeField(schema, path),
    next: setting ? `add it to bundle.yaml, or give --${setting.name}` : undefined,
    place: placeAt(path),
  });
}

function wrong(
  issue: Issue,
  value: unknown,
  { schema, placeOf, placeAt = nowhere }: Refused,
): AirgapError {
  const field = fieldName(issue.path);
  const isNumber = issue.path[0] === 'version' && typeof value === 'number';
  return new AirgapError('usage', `${field} ${fault(issue, value)}`, {
    given: isEmpty(value) ? placeOf(issue.path) : `${shown(value)} in ${placeOf(issue.path)}`,
    expected: describeField(schema, issue.path),
    next: isNumber ? quoteVersion(value) : undefined,
    place: placeAt(issue.path),
  });
}

/** Of 1.0 YAML gives 1, which is another version. */
function quoteVersion(value: number): string {
  const example = Number.isInteger(value) ? `${value}.0` : value;
  return `quote it as it is written there, as in version: "${example}"`;
}

function fault(issue: Issue, value: unknown): string {
  if (isEmpty(value)) return 'is empty';
  if (issue.code === 'invalid_type') return `must be ${nouns[issue.expected] ?? issue.expected}`;
  if (issue.code === 'invalid_value') return `must be ${issue.values.map(String).join(' or ')}`;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}`;
  if (issue.code === 'invalid_union') return 'has the wrong form';
  if (issue.code === 'invalid_format') return `must be ${issue.message}`;
  return `is wrong: ${issue.message}`;
}

const nouns: Readonly<Record<string, string>> = {
  string: 'text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  boolean: 'true or false, without quotes',
  number: 'a number',
  int: 'a whole number',
};

function isEmpty(value: unknown): boolean {
  return value === null || value === '';
}

/** A value as far as it fits into a message; of what is no scalar only the kind. */
function shown(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (isMapping(value)) return 'a mapping';
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

export function settingOf(path: FieldPath): Setting | undefined {
  const field = path[0] === 'config' ? path.slice(1) : path;
  return settings.find((setting) => setting.field.join('\n') === field.map(String).join('\n'));
}

function valueAt(document: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    document,
  );
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
