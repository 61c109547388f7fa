import type { VerbHelp } from './explain.ts';

/** Of the verbs that hold a bundle to its signature. */
const held = ['signature', 'integrity', 'policy', 'io'] as const;

const toTarget = [
  ...['DOCKER_CONFIG', 'HTTPS_PROXY', 'SSL_CERT_FILE'],
  'AIRGAP_BUNDLE_STALL_SECONDS',
];

/** The verbs that take a bundle. */
export const bundleVerbHelp: Readonly<Record<string, VerbHelp>> = {
  verify: {
    examples: [
      {
        does: 'every byte, against the key you trust',
        words: 'verify pcg-override-1.4.0.tar --key bundle.pub',
      },
      {
        does: 'while keys are being changed: either one does, but not a lost one',
        words: 'verify pcg-override-1.4.0.tar --key old.pub --key new.pub --revoked lost.pub',
      },
      {
        does: 'a bundle in parts, for a script',
        words: 'verify pcg-override-1.4.0.tar.001 --key bundle.pub --output json',
      },
      {
        does: 'and that this very file was made where its provenance says',
        words:
          'verify pcg-override-1.4.0.tar --key bundle.pub --provenance pcg-override-1.4.0.tar.intoto.jsonl',
      },
    ],
    ends: held,
    meanings: { done: 'every byte is as it was signed' },
  },
  load: {
    examples: [
      {
        does: 'with the docker config of this host',
        words: 'load pcg-override-1.4.0.tar --key bundle.pub',
      },
      {
        does: 'with a login of its own',
        words:
          'load pcg-override-1.4.0.tar --key bundle.pub --push-username ops --push-password-file pw',
      },
      {
        does: 'into a registry that is called otherwise here',
        words: 'load pcg-override-1.4.0.tar --key bundle.pub --site site.yaml',
      },
      {
        does: 'a slow registry, asked for little at a time and waited for long',
        words: 'load pcg-override-1.4.0.tar --key bundle.pub --max-concurrent 4 --retry-budget 1h',
      },
    ],
    variables: ['AIRGAP_BUNDLE_PUSH_PASSWORD', 'AIRGAP_BUNDLE_ORAS', ...toTarget, 'XDG_STATE_HOME'],
    ends: [...held, 'tool', 'authentication', 'refused', 'transient', 'locked'],
  },
  derive: {
    notes: [
      'A site file says how the target is named at this site; what it leaves out stays as in the bundle, and a map that it does not give is moved to its endpoint and base path:',
      '  ociImageRegistry:\n    endpoint: registry.site.example:5000\n    baseContentPath: images\n    caCert: ./site-ca.pem',
      'What is derived is not signed. Nothing is contacted, nothing overwritten; load and install.sh take --site too.',
    ],
    examples: [
      {
        does: 'write the files of this site into a new folder',
        words: 'derive pcg-override-1.4.0.tar --key bundle.pub --site site.yaml -o site',
      },
      {
        does: 'the same, told to a script',
        words:
          'derive pcg-override-1.4.0.tar --key bundle.pub --site site.yaml -o site --output json',
      },
    ],
    ends: held,
    meanings: { usage: 'command line, or a site file that does not fit the bundle' },
  },
  inspect: {
    examples: [
      { does: 'what a bundle says of itself, unverified', words: 'inspect pcg-override-1.4.0.tar' },
      {
        does: 'and whether this key signed that',
        words: 'inspect pcg-override-1.4.0.tar --key bundle.pub',
      },
      {
        does: 'its images alone, by jq',
        words: "inspect pcg-override-1.4.0.tar --output json | jq -r '.inventory.images[].source'",
      },
      {
        does: 'its SBOM',
        words: 'inspect pcg-override-1.4.0.tar --output cyclonedx',
      },
    ],
    ends: ['integrity', 'io'],
    meanings: { integrity: 'it is cut off or damaged where its inventory lies' },
  },
  diff: {
    notes: [
      'Two bundles are read by their inventories: with --key both must be signed by one of the given keys, without they are read unverified, and the result says so. Their bodies are not read: verify does that. A registry is only asked about what a signed bundle says. Bytes to carry are those that the older bundle, or the registry, does not have.',
    ],
    examples: [
      {
        does: 'what the new bundle changes',
        words: 'diff pcg-override-1.4.0.tar pcg-override-1.5.0.tar --key bundle.pub',
      },
      {
        does: 'the same as a page for who has to approve it',
        words:
          'diff pcg-override-1.4.0.tar pcg-override-1.5.0.tar --key bundle.pub --output html > diff.html',
      },
      {
        does: 'the same for a script',
        words: 'diff pcg-override-1.4.0.tar pcg-override-1.5.0.tar --output json',
      },
      {
        does: 'what its registry lacks',
        words: 'diff pcg-override-1.5.0.tar --registry --key bundle.pub',
      },
      {
        does: 'at a site whose registry is called otherwise',
        words:
          'diff pcg-override-1.5.0.tar --registry --key bundle.pub --site site.yaml --username puller --password-file pw',
      },
    ],
    variables: ['AIRGAP_BUNDLE_PASSWORD', ...toTarget],
    ends: [...held, 'authentication', 'refused', 'transient'],
    meanings: { done: 'compared, whether or not anything differs: `same` in the JSON says which' },
  },
  doctor: {
    notes: [
      'Each check is ok, a warning, a failure or skipped, with what was seen and what to do about it. It needs kubectl, and helm where the bundle has a chart. The registry is asked with the login that the cluster pulls with. To tell whether that login could push too, an upload is begun and cancelled; nothing else is written anywhere.',
    ],
    examples: [
      {
        does: 'registry and cluster, as the bundle says',
        words: 'doctor pcg-override-1.4.0.tar --key bundle.pub',
      },
      {
        does: 'another cluster of the kubeconfig, for a script',
        words: 'doctor pcg-override-1.4.0.tar --key bundle.pub --context edge-7 --output json',
      },
      {
        does: 'the registry alone, before there is a cluster',
        words:
          'doctor pcg-override-1.4.0.tar --key bundle.pub --only registry --username puller --password-file pw',
      },
      {
        does: 'a node, by its containerd configuration',
        words:
          'doctor pcg-override-1.4.0.tar --key bundle.pub --only nodes --node-config /etc/containerd/config.toml',
      },
    ],
    variables: ['AIRGAP_BUNDLE_PASSWORD', ...toTarget, 'KUBECONFIG'],
    ends: [...held, 'tool', 'cluster'],
    meanings: {
      done: 'no check is a failure',
      cluster: 'a check is a failure, or the cluster cannot be asked',
    },
  },
  completion: {
    notes: [
      'The script completes the name airgap-bundle, and starts nothing while it does; print it anew after an update. Where no such name is on PATH, `npm link` in a checkout makes one, or a function in the file that your shell reads at its start (an alias will not do for zsh):',
      '  airgap-bundle() { node /path/to/dist/bundle.js "$@"; }            # bash, zsh\n  function airgap-bundle; node /path/to/dist/bundle.js $argv; end   # fish',
    ],
    examples: [
      {
        does: 'in bash, for every session',
        words: 'completion bash > ~/.local/share/bash-completion/completions/airgap-bundle',
      },
      {
        does: 'in zsh, into a folder of fpath',
        words: 'completion zsh > ~/.zfunc/_airgap-bundle',
      },
      {
        does: 'in fish, for every session',
        words: 'completion fish > ~/.config/fish/completions/airgap-bundle.fish',
      },
    ],
    ends: ['io'],
    meanings: {
      usage: 'command line: no such shell',
      io: 'the script cannot be written where you sent it',
    },
  },
};
