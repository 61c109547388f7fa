import { safeJson, safeText } from './safe.ts';

/** Takes secrets out of text before it is printed anywhere. */
export interface Redactor {
  add(secret: string): void;
  redact(text: string): string;
}

/** Shorter values would blank out ordinary text. */
const shortest = 4;

export function makeRedactor(): Redactor {
  const secrets = new Set<string>();
  return {
    add(secret) {
      for (const form of formsOf(secret)) if (form.length >= shortest) secrets.add(form);
    },
    redact(text) {
      const longestFirst = [...secrets].sort((a, b) => b.length - a.length);
      return longestFirst.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
    },
  };
}

/** A secret as it could turn up: raw, a line of it, base64, URL-escaped, inside JSON, made safe for a terminal. */
export function formsOf(secret: string): string[] {
  const forms = formsBefore(secret);
  return [...new Set([...forms, ...forms.map(safeText), ...forms.map(safeJson)])];
}

function formsBefore(secret: string): string[] {
  return [
    secret,
    ...secret.split(/\r?\n/),
    ...base64Forms(secret),
    ...base64Forms(`${secret}\n`),
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
  ];
}

/** In one piece, and as base64(1) prints it, 76 characters a line. */
function base64Forms(secret: string): string[] {
  const whole = Buffer.from(secret).toString('base64');
  return [whole, ...(whole.match(/.{8,76}/g) ?? [])];
}
