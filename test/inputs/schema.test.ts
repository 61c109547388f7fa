import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { schemaPath, schemaText } from '../../scripts/schema-text.ts';

describe.each([
  ['bundle.schema.json', ['$schema', 'config', 'imageSwap']],
  ['site.schema.json', ['$schema', 'config']],
] as const)('%s', (name, silentFields) => {
  test('is what its schema in src/inputs says; `npm run schema` writes it', () => {
    expect(readFileSync(schemaPath(name), 'utf8')).toBe(schemaText(name));
  });

  test('is a schema for editors: every field of the top is described', () => {
    const { properties } = JSON.parse(schemaText(name)) as {
      properties: Record<string, { description?: string }>;
    };
    const silent = Object.keys(properties).filter((field) => !properties[field]?.description);
    expect(silent).toEqual(silentFields);
  });
});
