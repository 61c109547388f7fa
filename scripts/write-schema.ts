import { writeFileSync } from 'node:fs';
import { type SchemaName, schemaPath, schemas, schemaText } from './schema-text.ts';

/** Writes the published schemas from those that bundle.yaml and site files are checked with: `npm run schema`. */
for (const name of Object.keys(schemas) as SchemaName[])
  writeFileSync(schemaPath(name), schemaText(name));
