import type { Command, Option } from 'commander';
import { exampleText, exitCodesOf, type VerbHelp } from '../../src/cli/help/explain.ts';
import { variables } from '../../src/cli/help/variables.ts';
import { verbHelp } from '../../src/cli/help/verb-help.ts';
import { heading, markdownTable, type Page } from './page.ts';
import { commandTree } from './program.ts';

export const commandsPage: Page = {
  path: 'docs/reference/commands.md',
  text: () => {
    const tree = commandTree();
    return [
      heading('Commands', 'the command tree in `src/cli`'),
      '`airgap-bundle` is `node dist/bundle.js`. `VERB --help` says the same as this page. Results go to standard output,',
      'progress, warnings and errors to standard error; with `--output json` the result is one JSON document.\n',
      markdownTable(['verb', 'what it does'], tree.commands.map(verbRow)),
      ...tree.commands.map(verbSection),
    ].join('\n');
  },
};

function verbRow(verb: Command): string[] {
  return [`[\`${verb.name()}\`](#${verb.name()})`, verb.description()];
}

function verbSection(verb: Command): string {
  const help = verbHelp[verb.name()];
  return [
    `\n## ${verb.name()}\n`,
    `${sentence(verb.description())}\n`,
    `\`\`\`\nairgap-bundle ${verb.name()} ${verb.usage()}\n\`\`\``,
    argumentList(verb),
    ...groupsOf(verb).map(([group, options]) => optionTable(group, options)),
    ...(help ? helpParts(help) : []),
  ].join('\n');
}

function argumentList({ registeredArguments }: Command): string {
  if (registeredArguments.length === 0) return '';
  const rows = registeredArguments.map((argument) => [
    `\`${argument.required ? `<${argument.name()}>` : `[${argument.name()}]`}\``,
    argument.description,
  ]);
  return `\n${markdownTable(['argument', 'meaning'], rows)}\n`;
}

function groupsOf(verb: Command): [string, Option[]][] {
  const groups = new Map<string, Option[]>();
  for (const option of verb.options) {
    const group = option.helpGroupHeading ?? 'Options:';
    groups.set(group, [...(groups.get(group) ?? []), option]);
  }
  return [...groups];
}

function optionTable(group: string, options: readonly Option[]): string {
  const rows = options.map((option) => {
    const [, text = '', variable = ''] =
      /^(.*?)(?: \[(AIRGAP_BUNDLE_\w+)\])?$/.exec(option.description) ?? [];
    const choices = option.argChoices ? ` (${option.argChoices.join(', ')})` : '';
    const standard = option.defaultValue === undefined ? '' : `\`${option.defaultValue}\``;
    return [`\`${option.flags}\``, `${text}${choices}`, standard, variable && `\`${variable}\``];
  });
  return `\n**${group.replace(/:$/, '')}**\n\n${markdownTable(['flag', 'meaning', 'default', 'variable'], rows)}\n`;
}

function helpParts(help: VerbHelp): string[] {
  const { notes = [], examples, variables: names = [] } = help;
  const read = variables.filter(({ names: [first] }) => names.includes(first));
  return [
    ...notes.map(
      (note) => `\n${note.startsWith(' ') ? `\`\`\`text\n${unindented(note)}\n\`\`\`` : note}`,
    ),
    `\n**Examples**\n\n\`\`\`sh\n${examples.map(plainExample).join('\n')}\n\`\`\``,
    ...(read.length > 0
      ? [
          `\n**Variables** besides those of its flags: ${read.flatMap(({ names: all }) => all.map((name) => `\`${name}\``)).join(', ')}; see [environment.md](environment.md).`,
        ]
      : []),
    `\n**Exit codes**\n\n${markdownTable(
      ['code', 'meaning'],
      exitCodesOf(help).map(({ code, meaning }) => [code, meaning]),
    )}`,
  ];
}

/** Without the prompt: to be copied. */
function plainExample(example: VerbHelp['examples'][number]): string {
  return exampleText(example).replace(/^ {2}(\$ )?/gm, '');
}

function unindented(text: string): string {
  return text.replace(/^ {2}/gm, '');
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
