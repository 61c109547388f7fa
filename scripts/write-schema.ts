import { writeFileSync } from 'node:fs';
import { schemaPath, schemaText } from './schema-text.ts';

/** Writes bundle.schema.json from the schema that bundle.yaml is checked with: `npm run schema`. */
writeFileSync(schemaPath, schemaText());
