import { dump } from 'js-yaml';
import { AirgapError } from '../report/error.ts';

/** What the files for helm and kubectl are made of. */
export type YamlValue = string | boolean | { readonly [key: string]: YamlValue };

/**
 * YAML in which every string is double-quoted and on one line, so that the YAML 1.1 readers of helm and kubectl
 * see the strings that we see: `no`, `0123`, `1e3`, `~` and `2024-01-01` stay text, line breaks are escapes.
 * @param name the file this becomes, for the message.
 * @throws AirgapError `usage` for text that no YAML can carry.
 */
export function toYaml(value: YamlValue, name: string): Buffer {
  refuseUnprintable(value, name);
  const options = { forceQuotes: true, quoteStyle: 'double', lineWidth: -1, noRefs: true } as const;
  return Buffer.from(`---\n${dump(value, options)}`);
}

function refuseUnprintable(value: YamlValue, path: string): void {
  if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) refuseUnprintable(inner, `${path}: ${key}`);
  } else if (typeof value === 'string' && (value.includes('\0') || /\p{Surrogate}/u.test(value))) {
    throw new AirgapError('usage', `${path} holds a character that kubectl and helm cannot carry`, {
      given: JSON.stringify(value.slice(0, 200)),
      expected: 'text without NUL characters and halves of characters',
    });
  }
}
