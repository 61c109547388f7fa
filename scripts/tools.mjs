/**
 * Every outside tool that the demo, the tests and the bench use, at the version they are written for.
 * To move to a new version: change it here and run `npm test`.
 *
 * `go`     built with `go install PACKAGE@TAG`, or as the go.mod in `module` says, unless PATH has this very version
 * `node`   a Node runtime out of the npm registry, unless PATH has this major version
 * `pip`    a Python package in an environment of its own, unless PATH has this very version
 * `system` any version does: found on PATH, else installed by apt-get
 * `deb`    any version does: found on PATH, else unpacked out of the Debian package, since installing it starts a service
 *
 * @typedef {object} Tool
 * @property {'go' | 'node' | 'pip' | 'system' | 'deb'} from
 * @property {string} [version] without a leading `v`
 * @property {string} package   Go, npm, Python or Debian package
 * @property {string[]} [ask]   arguments that make the tool say its version
 * @property {RegExp} [answer]  the version within what it says, as first group
 * @property {string} [ldflags] what makes a binary of Go know its own version
 * @property {string} [module]  folder of a go.mod of ours, for what `go install` cannot build
 * @property {Readonly<Record<string, string>>} [env] for the build with Go
 * @property {string} [takes]   how long a first build takes on two cores
 */

/** All of Kubernetes is compiled once, by the first of its tools, and linked for each. */
const kubernetes = {
  from: 'go',
  module: 'scripts/kubernetes',
  version: '1.34.4',
  ask: ['--version'],
  answer: /v(\S+)/,
  ldflags: [
    '-X k8s.io/component-base/version.gitVersion=v1.34.4',
    '-X k8s.io/component-base/version.gitMajor=1',
    '-X k8s.io/component-base/version.gitMinor=34',
    '-X k8s.io/component-base/version.gitTreeState=clean',
    '-X k8s.io/client-go/pkg/version.gitVersion=v1.34.4',
  ].join(' '),
  takes: 'half a minute, but five to ten for the first of Kubernetes',
};

const containerd = {
  from: 'go',
  env: { CGO_ENABLED: '0' },
  ask: ['--version'],
  answer: / (\d+\.\d+\.\d+)\S*\s*$/,
  takes: 'three to five minutes',
};

/** @type {Readonly<Record<string, Tool>>} */
export const tools = {
  oras: {
    from: 'go',
    version: '1.3.6',
    package: 'oras.land/oras/cmd/oras',
    ask: ['version'],
    answer: /^Version:\s+v?([^\s+]+)/m,
    takes: 'half a minute',
  },
  registry: {
    from: 'go',
    version: '3.1.2',
    package: 'github.com/distribution/distribution/v3/cmd/registry',
    ask: ['--version'],
    answer: / v?([^\s+]+)(?:\+unknown)?$/m,
    ldflags: '-X github.com/distribution/distribution/v3/version.version=v3.1.2',
    takes: 'one to two minutes',
  },
  helm: {
    from: 'go',
    version: '3.22.0',
    package: 'helm.sh/helm/v3/cmd/helm',
    ask: ['version', '--short'],
    answer: /^v?([^\s+]+)/m,
    ldflags: '-X helm.sh/helm/v3/internal/version.version=v3.22.0',
    takes: 'one to two minutes',
  },
  helm4: {
    from: 'go',
    version: '4.3.1',
    package: 'helm.sh/helm/v4/cmd/helm',
    ask: ['version', '--short'],
    answer: /^v?([^\s+]+)/m,
    ldflags: '-X helm.sh/helm/v4/internal/version.version=v4.3.1',
    takes: 'one to two minutes',
  },
  'kube-apiserver': { ...kubernetes, package: 'k8s.io/kubernetes/cmd/kube-apiserver' },
  'kube-controller-manager': {
    ...kubernetes,
    package: 'k8s.io/kubernetes/cmd/kube-controller-manager',
  },
  kubectl: {
    ...kubernetes,
    package: 'k8s.io/kubernetes/cmd/kubectl',
    ask: ['version', '--client'],
  },
  /** Our own, on the CRI that Kubernetes speaks. A change of it needs a new version, here and in main.go. */
  'cri-pull': {
    from: 'go',
    module: 'scripts/kubernetes',
    version: '1.0.0',
    package: './cri-pull',
    ask: ['--version'],
    answer: /^cri-pull (\S+)/,
    takes: 'half a minute',
  },
  /** Beside the system's. */
  'containerd-1.7': {
    ...containerd,
    module: 'scripts/containerd-1.7',
    version: '1.7.28',
    package: 'github.com/containerd/containerd/cmd/containerd',
  },
  'containerd-2': {
    ...containerd,
    module: 'scripts/containerd-2',
    version: '2.4.2',
    package: 'github.com/containerd/containerd/v2/cmd/containerd',
  },
  /** The version that Kubernetes itself is tested with: its client's in scripts/kubernetes/go.mod. */
  etcd: {
    from: 'go',
    module: 'scripts/kubernetes',
    version: '3.6.4',
    package: 'go.etcd.io/etcd/server/v3',
    ask: ['--version'],
    answer: /^etcd Version: (\S+)/m,
    takes: 'half a minute',
  },
  age: {
    from: 'go',
    version: '1.3.2',
    package: 'filippo.io/age/cmd/age',
    ask: ['--version'],
    answer: /v(\S+)/,
    takes: 'half a minute',
  },
  'age-keygen': {
    from: 'go',
    version: '1.3.2',
    package: 'filippo.io/age/cmd/age-keygen',
    ask: ['--version'],
    answer: /v(\S+)/,
    takes: 'a few seconds',
  },
  act: {
    from: 'go',
    version: '0.2.89',
    package: 'github.com/nektos/act',
    ask: ['--version'],
    answer: /version v?(\S+)/,
    takes: 'half a minute',
  },
  cosign: {
    from: 'go',
    version: '2.6.5',
    package: 'github.com/sigstore/cosign/v2/cmd/cosign',
    ask: ['version'],
    answer: /^GitVersion:\s+v?(\S+)/m,
    ldflags: '-X sigs.k8s.io/release-utils/version.gitVersion=v2.6.5',
    takes: 'three to five minutes',
  },
  crane: {
    from: 'go',
    version: '0.22.1',
    package: 'github.com/google/go-containerregistry/cmd/crane',
    ask: ['version'],
    answer: /^v?(\S+)/m,
    takes: 'half a minute',
  },
  /** Our own: the registry of crane with the referrers API. A change of it needs a new version, here and in main.go. */
  'referrers-registry': {
    from: 'go',
    module: 'scripts/referrers-registry',
    version: '1.0.0',
    package: '.',
    ask: ['--version'],
    answer: /^referrers-registry (\S+)/,
    takes: 'a few seconds',
  },
  regsync: {
    from: 'go',
    version: '0.11.7',
    package: 'github.com/regclient/regclient/cmd/regsync',
    ask: ['version'],
    answer: /^VCSTag:\s+v?(\S+)/m,
    takes: 'half a minute',
  },
  /** What action.yml declares. act runs the first `node` on PATH, whatever that file says. */
  node24: {
    from: 'node',
    version: '24.21.0',
    package: `node-${process.platform}-${process.arch}`,
    ask: ['--version'],
    answer: /^v(\S+)/,
  },
  actionlint: {
    from: 'go',
    version: '1.7.12',
    package: 'github.com/rhysd/actionlint/cmd/actionlint',
    ask: ['-version'],
    answer: /^v?(\d\S*)/m,
    ldflags: '-X github.com/rhysd/actionlint.version=1.7.12',
    takes: 'half a minute',
  },
  zizmor: {
    from: 'pip',
    version: '1.32.0',
    package: 'zizmor',
    ask: ['--version'],
    answer: /^zizmor (\S+)/,
  },
  /** The validator of SPDX' own project. It does not say its version. */
  pyspdxtools: { from: 'pip', version: '0.8.5', package: 'spdx-tools' },
  chromium: { from: 'system', package: 'chromium' },
  'docker-registry': { from: 'deb', package: 'docker-registry' },
  skopeo: { from: 'system', package: 'skopeo' },
  ctr: { from: 'system', package: 'containerd' },
  shellcheck: { from: 'system', package: 'shellcheck' },
  busybox: { from: 'system', package: 'busybox' },
  dash: { from: 'system', package: 'dash' },
  mksh: { from: 'system', package: 'mksh' },
  zsh: { from: 'system', package: 'zsh' },
  fish: { from: 'system', package: 'fish' },
  strace: { from: 'system', package: 'strace' },
  ip: { from: 'system', package: 'iproute2' },
  openssl: { from: 'system', package: 'openssl' },
  setpriv: { from: 'system', package: 'util-linux' },
  script: { from: 'system', package: 'bsdutils' },
  setsid: { from: 'system', package: 'util-linux' },
};

const system = Object.keys(tools).filter((name) => tools[name]?.from === 'system');

/** Another mover, which only the bench runs; crane is one too, and a registry for the trials. */
const peers = ['regsync'];

/** What a set asks for beside the npm packages; `system` alone leaves those out. */
export const sets = {
  build: [],
  demo: ['oras', 'registry'],
  cluster: ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kubectl', 'helm', 'openssl'],
  test: Object.keys(tools).filter((name) => !peers.includes(name)),
  bench: ['oras', 'registry', 'skopeo', 'openssl', 'crane', ...peers],
  trials: ['oras', 'registry', 'crane', 'docker-registry', 'helm', 'strace', 'openssl'],
  system,
};
