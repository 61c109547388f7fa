import type { SecretData } from '../install/secret.ts';
import { type Finding, failure, ok } from './check.ts';
import { cureOfLostLogin, installStep, loginFlags } from './cures.ts';

/** Of the Secret `registry-info`: all but the map. */
export function compareKeys(data: ReadonlyMap<string, string>, wanted: SecretData): Finding {
  const { MIRROR_REGISTRIES: _, USERNAME, PASSWORD, ...carried } = wanted;
  const faults = Object.entries(carried).flatMap(([key, value]) =>
    keyFault(key, value, data.get(key)),
  );
  const ofLogin = loginFaults(data, { USERNAME, PASSWORD });
  if (faults.length + ofLogin.length > 0) {
    const cure = cureOfKeys(data, wanted, ofLogin.length > 0);
    return failure([...faults, ...ofLogin].join('\n'), `${cure}; then look who else writes it`);
  }
  const strange = [...data.keys()].filter((key) => !(key in wanted));
  return ok(
    [
      `${Object.keys(carried).join(', ')} are as in the bundle`,
      loginWords(data, USERNAME !== ''),
      ...(strange.length > 0
        ? [`further keys that are not of this bundle: ${strange.join(', ')}`]
        : []),
    ].join('\n'),
  );
}

/** The bundle knows no login: without one that was given there is nothing to compare. */
function loginFaults(
  data: ReadonlyMap<string, string>,
  given: Pick<SecretData, 'USERNAME' | 'PASSWORD'>,
): string[] {
  const faults = Object.entries(given).flatMap(([key, value]) => {
    const found = data.get(key);
    if (found === undefined) return [`${key} is missing`];
    return value === '' || found === value ? [] : [`${key} is not the one that was given`];
  });
  return loginOf(data) === 'half' ? [...faults, 'one of USERNAME and PASSWORD is empty'] : faults;
}

/** install.sh keeps the login that the cluster has, but none that is for another registry. */
function cureOfKeys(
  data: ReadonlyMap<string, string>,
  { DOMAIN, USERNAME }: SecretData,
  isOfLogin: boolean,
): string {
  const hasLogin = loginOf(data) !== undefined;
  const isForAnother = hasLogin && data.get('DOMAIN') !== DOMAIN;
  if (!isOfLogin && !isForAnother) return installStep('secret');
  return hasLogin || USERNAME !== '' ? installStep('secret', loginFlags) : cureOfLostLogin();
}

function loginWords(data: ReadonlyMap<string, string>, isGiven: boolean): string {
  if (isGiven) return 'USERNAME and PASSWORD are as given';
  return loginOf(data)
    ? 'USERNAME and PASSWORD are set; nothing to compare them with'
    : 'no login: the cluster pulls anonymously';
}

/** What the cluster pulls with by that Secret; undefined: nothing, so anonymously. */
export function loginOf(
  data: ReadonlyMap<string, string>,
): { readonly username: string; readonly password: string } | 'half' | undefined {
  const [username = '', password = ''] = ['USERNAME', 'PASSWORD'].map((key) => data.get(key));
  if (username === '' && password === '') return undefined;
  return username === '' || password === '' ? 'half' : { username, password };
}

/** A certificate is long. */
function keyFault(key: string, wanted: string, found: string | undefined): string[] {
  if (found === undefined) return [`${key} is missing`];
  if (found === wanted) return [];
  if (key === 'CA_CERT')
    return [`CA_CERT differs: ${found.length} characters, the bundle has ${wanted.length}`];
  return [`${key} is ${JSON.stringify(found)}, the bundle has ${JSON.stringify(wanted)}`];
}
