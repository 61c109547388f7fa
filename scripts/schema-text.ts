import { join } from 'node:path';
import { bundleJsonSchema } from '../src/inputs/schema.ts';
import { siteJsonSchema } from '../src/inputs/site-schema.ts';

/** The published schemas by their files' names: of bundle.yaml, and of a site file. */
export const schemas = {
  'bundle.schema.json': bundleJsonSchema,
  'site.schema.json': siteJsonSchema,
};

export type SchemaName = keyof typeof schemas;

export function schemaPath(name: SchemaName): string {
  return join(import.meta.dirname, '..', name);
}

/** The published form of a schema. */
export function schemaText(name: SchemaName): string {
  return `${JSON.stringify(schemas[name](), null, 2)}\n`;
}
