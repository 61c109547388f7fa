import type { Check } from '../../../../src/doctor/check.ts';
import { type DoctorSite, home } from '../doctor-site.ts';
import { pull } from '../site.ts';

/** Something that is not as it should be, and what doctor says of it. */
export interface Breakage {
  readonly check: string;
  readonly what: string;
  breaks(at: DoctorSite): Promise<unknown>;
  /** What is not in the cluster: that goes back by itself. */
  heals?(at: DoctorSite): Promise<unknown>;
  readonly flags?: readonly string[];
  /** Default: failure. */
  readonly status?: Check['status'];
  /** Checks that then have nothing to look at. */
  readonly also?: readonly string[];
  readonly evidence: RegExp;
  readonly cure: RegExp;
}

export const ofRegistry = ['registry', 'placements', 'push-rights'];
export const ofSecret = ['secret-keys', 'mirror-registries'];
export const withoutSecret = [...ofSecret, ...ofRegistry, 'pull-secret'];
export const install = (steps: string) =>
  new RegExp(`^sh install\\.sh BUNDLE --key PUB --only ${steps}`);

/** Where the login that the cluster has is not the one to keep. */
export const withLogin = ' --username USER --password-file FILE';

export const kubectl =
  (...args: string[]) =>
  ({ site }: DoctorSite) =>
    site.cluster.kubectl(...args);

export const patch = (name: string, namespace: string, change: object) =>
  kubectl('patch', name, '-n', namespace, '--type=merge', `--patch=${JSON.stringify(change)}`);
export const registryInfo = (change: object) => patch('secret/registry-info', 'jet-system', change);
export const data = (key: string, value: string | null) => ({
  data: { [key]: value === null ? null : Buffer.from(value).toString('base64') },
});

/** The pods of image-swap pull with another password. */
export function pullSecret(password: string): Breakage['breaks'] {
  return (at) => {
    const auth = Buffer.from(`${pull.username}:${password}`).toString('base64');
    const config = JSON.stringify({ auths: { [at.site.target.host]: { auth } } });
    return patch('secret/imageswap-pull', home, data('.dockerconfigjson', config))(at);
  };
}
