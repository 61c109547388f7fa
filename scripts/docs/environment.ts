import { variables } from '../../src/cli/help/variables.ts';
import { settings, variableOf } from '../../src/inputs/settings.ts';
import { heading, markdownTable, type Page } from './page.ts';

export const environmentPage: Page = {
  path: 'docs/reference/environment.md',
  text: () =>
    [
      heading('Environment', '`src/cli/help/variables.ts` and `src/inputs/settings.ts`'),
      'An empty variable counts as absent. Secrets are read from variables or files, never from arguments.\n',
      '## What is read besides the settings\n',
      markdownTable(
        ['variable', 'meaning', 'read by'],
        variables.map(({ names, meaning, readers }) => [
          names.map((name) => `\`${name}\``).join(', '),
          meaning,
          readers.map((reader) => readerNames[reader]).join(', '),
        ]),
      ),
      '\noras gets of the environment only `PATH`, `HOME`, `TMPDIR`, the proxies and `SSL_CERT_FILE`, `SSL_CERT_DIR`, and a',
      'docker config of its own with the logins of the run. Credential helpers, aws, helm and kubectl get all of it but',
      '`AIRGAP_BUNDLE_*`: what is theirs, such as `AWS_PROFILE`, works.\n',
      '## Settings of bundle.yaml\n',
      'A flag wins over a variable, a variable over the file. [bundle-yaml.md](bundle-yaml.md) says what each means.\n',
      markdownTable(
        ['variable', 'flag', 'field'],
        settings.map((setting) => [
          `\`${variableOf(setting)}\``,
          `\`--${setting.name}\``,
          `\`${setting.field.join('.')}\``,
        ]),
      ),
      '',
    ].join('\n'),
};

const readerNames = {
  program: 'the program',
  action: 'the Action',
  'install.sh': '`install.sh`',
} as const;
