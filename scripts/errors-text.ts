import { join } from 'node:path';
import { readDocumented } from './errors/entries.ts';
import { errorsPage } from './errors/page.ts';

export const errorsPath = join(import.meta.dirname, '../docs/reference/errors.md');

/** The page of all errors, as the sources make them now. */
export function errorsText(): string {
  return errorsPage(readDocumented());
}
