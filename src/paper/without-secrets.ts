import type { Redactor } from '../report/redact.ts';

/** Every text of it redacted, before it takes a form: a form may write a secret's letters otherwise. */
export function withoutSecrets<T>(value: T, redact: Redactor['redact']): T {
  if (typeof value === 'string') return redact(value) as T;
  if (Array.isArray(value)) return value.map((one) => withoutSecrets(one, redact)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const clean = Object.entries(value).map(([name, one]) => [name, withoutSecrets(one, redact)]);
  return Object.fromEntries(clean) as T;
}
