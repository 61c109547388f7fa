import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { encryptTo } from '../install/age.ts';
import { credentialFile, credentialTable } from '../install/carried-credential.ts';
import type { InstallFile } from '../install/files.ts';
import { type Problem, warning } from '../plan/problem.ts';
import { AirgapError } from '../report/error.ts';
import { emitSecret, type GivenCredential, readGiven } from './given-credential.ts';

/** What the bundle carries of the cluster's pull credential; undefined in a plan's, where it carries none. */
export function credentialKind({
  credentials,
}: Pick<BundleSpec, 'credentials'>): 'embed' | 'age' | undefined {
  return typeof credentials === 'object' ? 'age' : credentials;
}

/**
 * The file that brings the pull credential over the gap, where bundle.yaml asks for one. No plan names it, as its
 * hash would tell who tries passwords when they have the right one.
 * @throws AirgapError usage where the credential is missing, or given and not asked for; tool for age
 */
export async function carriedCredential(
  { credentials }: BundleSpec,
  given: GivenCredential,
  context: Context,
): Promise<InstallFile | undefined> {
  const credential = await readGiven('pull', given, context);
  if (credentials === undefined && credential === undefined) return undefined;
  if (credentials === undefined) throw notAskedFor();
  if (credential === undefined) throw missing();
  const { username, password } = credential;
  emitSecret(credential, context);
  refuseColon(username);
  const table = credentialTable(username, password);
  if (credentials === 'embed') return credentialFile('embed', table);
  return credentialFile('age', await encryptTo(credentials.age, table, context));
}

/** Said wherever the plan is shown, and before it is carried out. */
export function credentialProblems(spec: BundleSpec): Problem[] {
  if (spec.credentials !== 'embed') return [];
  return [
    warning(
      'embedded-credential',
      [],
      'credentials: embed puts the pull password into the bundle IN CLEAR TEXT: whoever gets the file, or a copy of it, can pull as that user',
      'encrypt it: credentials: {age: [RECIPIENT]}; or leave it out, and give it to install.sh on site',
    ),
  ];
}

function missing(): AirgapError {
  return new AirgapError('usage', 'the pull credential that the bundle is to carry is not given', {
    expected: '--username USER and --password-file FILE (or AIRGAP_BUNDLE_PASSWORD)',
    next: 'give them, or take credentials out of bundle.yaml',
  });
}

function notAskedFor(): AirgapError {
  return new AirgapError('usage', 'a pull credential is given, but nothing says that it travels', {
    given: '--username',
    next: 'add credentials: {age: [RECIPIENT]} to bundle.yaml; or drop it, and give it to install.sh on site',
  });
}

/** In a registry's login the first colon ends the name. */
function refuseColon(username: string): void {
  if (!/[:\p{Cc}]/u.test(username)) return;
  throw new AirgapError('usage', 'a registry user has no colon or control character in its name', {
    given: JSON.stringify(username),
    next: 'give another user: in a login the first colon ends the name',
  });
}
