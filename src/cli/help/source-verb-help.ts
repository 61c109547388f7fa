import type { VerbHelp } from './explain.ts';

/** What registries are entered and reached with. */
const toRegistries = [
  ...['DOCKER_CONFIG', 'HTTPS_PROXY', 'SSL_CERT_FILE'],
  'AIRGAP_BUNDLE_STALL_SECONDS',
];

/** Of the verbs that look through `images:`: charts are rendered by helm, clusters asked by kubectl. */
const fromSources = ['tool', 'cluster'] as const;

/** Of the verbs that ask source registries. */
const fromRegistries = ['integrity', 'authentication', 'transient'] as const;

/** The verbs of the connected side. */
export const sourceVerbHelp: Readonly<Record<string, VerbHelp>> = {
  init: {
    notes: [
      'It asks where neither --from nor --endpoint is given and there is a terminal. What nothing says gets a value that can be changed in the file: a map with each registry below its own name, images.txt for the images, bundle.key for the key. Variables are not written into the file; they hold over it as for every verb.',
    ],
    examples: [
      { does: 'ask, on a terminal', words: 'init' },
      {
        does: 'from the values of the image-swap chart, images in a list',
        words: 'init --from values.yaml --images-file images.txt',
      },
      {
        does: 'from flags alone, for a script',
        words:
          'init --endpoint harbor.example.org --base-content-path airgap-images --images nginx:1.27,quay.io/a/b:1 --platforms linux/amd64',
      },
    ],
    ends: ['io'],
    meanings: {
      usage: 'command line or values: a file is there already, nothing to make it of',
      interrupted: 'interrupted at a question: nothing is written',
    },
  },
  keygen: {
    examples: [
      {
        does: 'once: bundle.key stays here, bundle.pub goes to the jump host',
        words: 'keygen --out bundle.key',
      },
      { does: 'for FIPS hosts and OpenSSL 1.1', words: 'keygen --out fips.key --type ecdsa-p256' },
    ],
    variables: ['AIRGAP_BUNDLE_KEY_PASSPHRASE'],
    ends: ['io'],
    meanings: { usage: 'command line: no --out, or a file is there already' },
  },
  images: {
    examples: [
      {
        does: 'every image that is named, and the lines that name it',
        words: 'images -f bundle.yaml',
      },
      {
        does: 'the same as a list file',
        words: 'images -f bundle.yaml --output list > images.txt',
      },
      {
        does: 'of these images alone, whatever the file says',
        words: 'images -f bundle.yaml --images nginx:1.27,quay.io/a/b:1',
      },
    ],
    variables: ['KUBECONFIG', 'DOCKER_CONFIG'],
    ends: [...fromSources, ...fromRegistries, 'io'],
  },
  resolve: {
    examples: [
      {
        does: 'where two images are looked for',
        words: 'resolve --mirror-map map.conf nginx:1.27 quay.io/a/b:1',
      },
      {
        does: 'of a whole list, for a script',
        words: 'resolve --mirror-map map.conf --images-file images.txt --output json',
      },
    ],
    ends: ['io'],
    meanings: {
      usage: 'command line: no map, or a file that is not there; no map and no image is refused',
    },
  },
  plan: {
    examples: [
      { does: 'what goes where, and what would go wrong', words: 'plan -f bundle.yaml' },
      { does: 'hold every tag to its digest from now on', words: 'plan -f bundle.yaml --lock' },
      { does: 'let one of them move', words: 'plan -f bundle.yaml --update nginx:1.27' },
      {
        does: 'save the plan, for a review before it is carried out',
        words: 'plan -f bundle.yaml -o plan.json',
      },
      {
        does: 'the same, to be carried out by three jobs',
        words: 'plan -f bundle.yaml --shards 3 -o plan.json',
      },
      {
        does: 'what must exist in the target before a push',
        words: 'plan -f bundle.yaml --output repositories',
      },
    ],
    variables: [...toRegistries, 'SOURCE_DATE_EPOCH', 'KUBECONFIG'],
    ends: [...fromSources, ...fromRegistries, 'io'],
    meanings: { usage: 'command line, input, or a plan with errors: all of them are shown' },
  },
  mirror: {
    examples: [
      {
        does: 'from the sources into the target, with the docker config',
        words: 'mirror -f bundle.yaml',
      },
      {
        does: 'with a login of its own',
        words: 'mirror -f bundle.yaml --push-username ci --push-password-file pw',
      },
      {
        does: 'exactly what was planned and reviewed',
        words: 'mirror -f bundle.yaml --plan plan.json',
      },
      {
        does: 'its first part, while two other jobs do the others',
        words: 'mirror -f bundle.yaml --plan plan.json --shard 1/3',
      },
      {
        does: 'mend a registry that has lost layers',
        words: 'mirror -f bundle.yaml --deep',
      },
    ],
    variables: [
      ...['AIRGAP_BUNDLE_PUSH_PASSWORD', 'AIRGAP_BUNDLE_ORAS'],
      ...[...toRegistries, 'KUBECONFIG'],
    ],
    ends: [...fromSources, ...fromRegistries, 'refused', 'io', 'locked'],
  },
  create: {
    examples: [
      {
        does: 'write dist/NAME-VERSION.tar, its checksum and install.sh',
        words: 'create -f bundle.yaml -o out',
      },
      {
        does: 'with a report for who has to approve the bundle',
        words: 'create -f bundle.yaml -o out --report out/report',
      },
      {
        does: 'in parts that fit a release asset or a FAT stick',
        words: 'create -f bundle.yaml --split-size 1900MiB -o out',
      },
      {
        does: 'fetch only what the last bundle does not have',
        words: 'create -f bundle.yaml --reuse out/pcg-override-1.3.0.tar -o out',
      },
      {
        does: 'a delta, to load after the last bundle',
        words: 'create -f bundle.yaml --since out/pcg-override-1.3.0.tar -o out',
      },
      {
        does: 'a light bundle, for a registry that mirror has filled',
        words: 'create -f bundle.yaml --without-images -o out',
      },
      {
        does: 'the first of three parts, while two other jobs write the others',
        words: 'create -f bundle.yaml --plan plan.json --shard 1/3 -o parts',
      },
      {
        does: 'the bundle of these parts, signed',
        words: 'create -f bundle.yaml --plan plan.json --join parts -o out',
      },
    ],
    variables: [
      ...['AIRGAP_BUNDLE_KEY_PASSPHRASE', 'AIRGAP_BUNDLE_PASSWORD', 'AIRGAP_BUNDLE_ORAS'],
      ...[...toRegistries, 'SOURCE_DATE_EPOCH', 'KUBECONFIG'],
    ],
    ends: [...fromSources, ...fromRegistries, 'io', 'locked'],
  },
  prepare: {
    notes: [
      'Harbor: projects that are missing are made, private, with the push credential; it must be of a system administrator or of a robot account that may create projects. A project that is a proxy cache is an error: it belongs into pullThrough.',
      'ECR (by the name of the host): repositories that are missing are made by the aws CLI, version 1 or 2, with its own credentials. Where there is no aws, nothing is made: the commands are printed, with a warning, and the exit code is 0.',
      'Any other registry: nothing is made; most make a repository at the first push. It may be run again at any time: what is there is left as it is.',
    ],
    examples: [
      { does: 'what a mirror will need, nothing made', words: 'prepare -f bundle.yaml --dry-run' },
      {
        does: 'make the projects, before mirror',
        words: 'prepare -f bundle.yaml --push-username admin --push-password-file pw',
      },
      {
        does: 'behind the gap, before load',
        words: 'prepare pcg-override-1.4.0.tar --key bundle.pub --site site.yaml',
      },
    ],
    variables: ['AIRGAP_BUNDLE_PUSH_PASSWORD', ...toRegistries, 'KUBECONFIG'],
    ends: [...fromSources, ...fromRegistries, 'signature', 'policy', 'refused', 'io'],
  },
};
