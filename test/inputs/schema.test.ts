import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { schemaPath, schemaText } from '../../scripts/schema-text.ts';

describe('bundle.schema.json', () => {
  test('is what src/inputs/schema.ts says; `npm run schema` writes it', () => {
    expect(readFileSync(schemaPath, 'utf8')).toBe(schemaText());
  });

  test('is a schema for editors: every field of the top is described', () => {
    const { properties } = JSON.parse(schemaText()) as {
      properties: Record<string, { description?: string }>;
    };
    const silent = Object.keys(properties).filter((name) => !properties[name]?.description);
    expect(silent).toEqual(['$schema', 'config', 'imageSwap']);
  });
});
