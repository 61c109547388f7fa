/** A containerd, how it is told, and the file that is merged into its config.toml. */
export const ways: readonly [string, string, string][] = [
  ['containerd', 'mirrors', 'config.toml'],
  ['containerd', 'hosts.toml', 'config-path-v2.toml'],
  ['containerd-1.7', 'mirrors', 'config.toml'],
  ['containerd-1.7', 'hosts.toml', 'config-path-v2.toml'],
  ['containerd-2', 'hosts.toml', 'config-path-v3.toml'],
];
