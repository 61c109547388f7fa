import type { Page } from './page.ts';
import { commandTree, helpText } from './program.ts';

const tree = commandTree();

/** Every help text, for a reviewer to see what a change does to it. */
export const helpPages: readonly Page[] = [tree, ...tree.commands].map((command) => ({
  path: `test/cli/help/${command.name()}.txt`,
  text: () => helpText(command),
}));
