import { type Setting, settings, variableOf } from '../../src/inputs/settings.ts';
import { fieldExamples } from './field-examples.ts';
import { heading, markdownTable, type Page } from './page.ts';
import { type Field, schemaFields } from './schema-fields.ts';

export const bundleYamlPage: Page = {
  path: 'docs/reference/bundle-yaml.md',
  text: () =>
    [
      heading('bundle.yaml', '`src/inputs/schema.ts` and `src/inputs/settings.ts`'),
      'Paths are relative to the file. JSON is YAML too. `[]` is an item of a list, `*` any key; the section',
      '`ociImageRegistry` may stand under `config:` too, as in the values of some charts. An item of `covers` has the fields',
      'of the sources in `images`. A field that has a flag or a variable can be given so in place of the file: a flag wins',
      'over a variable, a variable over the file.\n',
      markdownTable(
        ['field', 'type', 'default', 'meaning', 'example', 'flag, variable'],
        schemaFields().map(fieldRow),
      ),
      '',
    ].join('\n'),
};

function fieldRow({ name, type, isRequired, standard, meaning }: Field): string[] {
  const example = fieldExamples[name];
  return [
    `\`${name}\``,
    type,
    isRequired ? 'required' : standardText(standard),
    meaning,
    example === undefined ? '' : `\`${example}\``,
    settings
      .filter((setting) => isOf(setting, name))
      .map(elsewhere)
      .join('<br>'),
  ];
}

function standardText(standard: unknown): string {
  return standard === undefined ? '' : `\`${JSON.stringify(standard)}\``;
}

/** Settings for many registries at once name the field in short. */
function isOf({ field }: Setting, name: string): boolean {
  const inSchema = field.join('.').replace(/^registries\./, 'registries.*.');
  return inSchema.replace(/^images\./, 'images[].') === name;
}

function elsewhere(setting: Setting): string {
  return `\`--${setting.name}\`, \`${variableOf(setting)}\``;
}
