import { join } from 'node:path';
import { bundleJsonSchema } from '../src/inputs/schema.ts';

export const schemaPath = join(import.meta.dirname, '..', 'bundle.schema.json');

/** The published form of the schema of bundle.yaml. */
export function schemaText(): string {
  return `${JSON.stringify(bundleJsonSchema(), null, 2)}\n`;
}
