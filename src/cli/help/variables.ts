/** A variable of the environment that is no setting of bundle.yaml; those are in `inputs/settings.ts`. */
export interface Variable {
  /** The first one stands for all of them. */
  readonly names: readonly [string, ...string[]];
  readonly meaning: string;
  /** Whose: the command line's, the Action's, install.sh's, or that of a tool that is run. */
  readonly readers: readonly ('program' | 'action' | 'install.sh')[];
}

const both = ['program', 'action'] as const;

export const variables: readonly Variable[] = [
  {
    names: ['AIRGAP_BUNDLE_KEY_PASSPHRASE'],
    meaning: 'passphrase of the signing key: keygen encrypts with it, create opens with it',
    readers: both,
  },
  {
    names: ['AIRGAP_BUNDLE_PUSH_PASSWORD'],
    meaning: 'password of --push-username, where no file is given',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['AIRGAP_BUNDLE_PASSWORD'],
    meaning: 'password of --username, where no file is given',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['AIRGAP_BUNDLE_ORAS'],
    meaning: 'oras to run, in place of the first on PATH',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['AIRGAP_BUNDLE_STALL_SECONDS'],
    meaning: 'seconds without a byte before a transfer is tried again (default: 60)',
    readers: both,
  },
  {
    names: ['DOCKER_CONFIG'],
    meaning: 'folder of the config.json with logins to registries (default: ~/.docker)',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'],
    meaning: 'proxies, and hosts that are asked without; lower case too; loopback never',
    readers: both,
  },
  {
    names: ['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS'],
    meaning: 'authorities to trust for every host, beside those of Node and the system',
    readers: both,
  },
  {
    names: ['SOURCE_DATE_EPOCH'],
    meaning: 'creation time in seconds since 1970: the same input then gives the same bytes',
    readers: both,
  },
  {
    names: ['KUBECONFIG'],
    meaning: 'kubeconfig that kubectl and helm take, where no flag names one',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['XDG_STATE_HOME'],
    meaning: 'folder for the record of what was loaded (default: ~/.local/state)',
    readers: ['program', 'install.sh'],
  },
  {
    names: ['NO_COLOR', 'FORCE_COLOR', 'TERM'],
    meaning: 'colours: never; always (0: never); TERM=dumb: none, and nothing is redrawn',
    readers: ['program'],
  },
  {
    names: ['HOME'],
    meaning: 'where the folders above are looked for when they are not named',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['PATH'],
    meaning: 'where oras, helm, kubectl, age, aws and credential helpers are looked for',
    readers: [...both, 'install.sh'],
  },
  {
    names: ['TMPDIR'],
    meaning: 'folder for private temporary files (default: /tmp)',
    readers: ['program', 'install.sh'],
  },
  {
    names: ['GITHUB_WORKSPACE', 'RUNNER_TEMP'],
    meaning: 'folder that paths start from; folder for private files and for what a step leaves',
    readers: ['action'],
  },
  {
    names: ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'],
    meaning:
      'files in which the runner takes outputs, state and summary; no summary without its file',
    readers: ['action'],
  },
  {
    names: ['GITHUB_EVENT_NAME', 'GITHUB_EVENT_PATH'],
    meaning: 'what started the workflow: nothing that comes from a fork is signed',
    readers: ['action'],
  },
  {
    names: [
      'GITHUB_REPOSITORY',
      'GITHUB_SHA',
      'GITHUB_RUN_ID',
      'GITHUB_RUN_ATTEMPT',
      'GITHUB_REF',
      'GITHUB_SERVER_URL',
      'GITHUB_WORKFLOW_REF',
      'GITHUB_WORKFLOW_SHA',
      'GITHUB_REPOSITORY_ID',
      'GITHUB_REPOSITORY_OWNER_ID',
      'RUNNER_ENVIRONMENT',
    ],
    meaning: 'where a bundle was made, for its provenance; without the first three there is none',
    readers: ['action'],
  },
];
