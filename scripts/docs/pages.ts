import { errorsPage } from '../errors/page.ts';
import { bundleYamlPage } from './bundle-yaml.ts';
import { commandsPage } from './commands.ts';
import { environmentPage } from './environment.ts';
import { exitCodesPage } from './exit-codes.ts';
import { helpPages } from './help-texts.ts';
import type { Page } from './page.ts';

/** Everything that `npm run docs` writes. A further page is a further entry. */
export const pages: readonly Page[] = [
  commandsPage,
  bundleYamlPage,
  exitCodesPage,
  errorsPage,
  environmentPage,
  ...helpPages,
];
