/** What the script does not tell by itself of one call of `fail`. */
export interface ShellByHand {
  readonly exitCodes?: readonly number[];
  /** `<word>` for what is known in a run alone. */
  readonly messages?: readonly string[];
  readonly nexts?: readonly string[];
}

/** By file, code and message as they are written there. */
export const shellByHand: Readonly<Record<string, ShellByHand>> = {
  // The smallest code of what befell the images one by one.
  'load.sh: "$failed" \'not every image is in the registry\'': { exitCodes: [2, 7, 8, 9, 10] },
  'oras.sh: "$class" "$1 cannot be reached or written"': {
    exitCodes: [2, 7, 8, 9, 10],
    nexts: [
      'give the bundle the right caCert or plainHttp: registries."HOST" in bundle.yaml',
      'let this user push there, or make the project or repository in the registry',
      'make room in TMPDIR',
      'log in with oras or docker, or give --push-username and --push-password-file',
      'run it again: what is in the registry already is not sent twice',
    ],
  },
  'processes.sh: 10 "$full"': { messages: ['the temporary folder is full'] },
  'secret.sh: 11 "$what"': {
    messages: [
      'the annotation last-applied-configuration is back on the Secret registry-info',
      'the Secret registry-info is not what was written',
    ],
  },
};
