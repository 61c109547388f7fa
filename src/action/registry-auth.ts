import { load, YAMLException } from 'js-yaml';
import type { UserPassword } from '../commands/given-credential.ts';
import type { Context } from '../context.ts';
import { canonicalHost } from '../registry/access.ts';
import { AirgapError } from '../report/error.ts';

/** Credentials by the name under which a registry's are kept. */
export type Logins = ReadonlyMap<string, UserPassword>;

const expected = 'a list of {registry: host[:port], username: NAME, password: SECRET}';
const fields = ['registry', 'username', 'password'] as const;

/**
 * Reads the input `registry-auth`. Every password in it is masked before anything else is said, and nothing of an
 * entry but its number and its registry is told.
 * @throws AirgapError usage
 */
export function readRegistryAuth(text: string, { emit }: Pick<Context, 'emit'>): Logins {
  if (text.trim() === '') return new Map();
  const document = parse(text);
  for (const value of secretsIn(document)) emit({ kind: 'secret', value });
  if (!Array.isArray(document)) throw refused('is no list', undefined);
  const logins = new Map<string, UserPassword>();
  for (const [index, entry] of document.entries()) {
    const { registry, ...login } = readEntry(entry, index + 1);
    if (logins.has(registry)) throw refused(`names ${registry} twice`, `entry ${index + 1}`);
    logins.set(registry, login);
  }
  return logins;
}

/** What the parser quotes of the text may be a password. */
function parse(text: string): unknown {
  try {
    return load(text);
  } catch (cause) {
    if (!(cause instanceof YAMLException)) throw cause;
    throw refused('is no YAML', cause.mark ? `line ${cause.mark.line + 1}` : undefined);
  }
}

function secretsIn(document: unknown): string[] {
  const entries = Array.isArray(document) ? document : [document];
  return entries.filter(isMapping).flatMap(({ username, password }) => {
    if (!isScalar(password) || String(password) === '') return [];
    const login = `${String(username ?? '')}:${String(password)}`;
    return [String(password), login, Buffer.from(login).toString('base64')];
  });
}

function readEntry(entry: unknown, number: number): UserPassword & { readonly registry: string } {
  const place = `entry ${number}`;
  if (!isMapping(entry)) throw refused('has an entry that is no mapping', place);
  const unknown = Object.keys(entry).filter((key) => !fields.includes(key as 'registry'));
  if (unknown.length > 0) throw refused('has an entry with an unknown field', place);
  const [registry = '', username = '', password = ''] = fields.map((name) =>
    textOf(entry, name, place),
  );
  return { registry: hostOf(registry, place), username, password };
}

function textOf(entry: Record<string, unknown>, name: string, place: string): string {
  const value = entry[name];
  if (isScalar(value) && String(value) !== '') return String(value);
  throw refused(`has an entry without ${name}`, place);
}

/** A registry that is none may be a password in the wrong place. */
function hostOf(registry: string, place: string): string {
  try {
    return canonicalHost(registry);
  } catch {
    throw refused('has an entry whose registry is no host[:port]', place);
  }
}

function refused(what: string, given: string | undefined): AirgapError {
  return new AirgapError('usage', `registry-auth ${what}`, { given, expected });
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A number is text that nobody has quoted. */
function isScalar(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
