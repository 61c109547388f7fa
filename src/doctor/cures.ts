/** How install.sh is told what the cluster pulls with; without it keeps the login that the cluster has. */
export const loginFlags = '--username USER --password-file FILE';

/** install.sh, these steps of it alone. */
export function installStep(steps: string, ...flags: string[]): string {
  return ['sh install.sh BUNDLE --key PUB --only', steps, ...flags].join(' ');
}

/** Where the cluster has no login that install.sh could keep. */
export function cureOfLostLogin(...flags: string[]): string {
  const whole = installStep('secret', ...flags, loginFlags);
  return `${whole}, without the last two where the registry wants no login or the bundle carries it`;
}
