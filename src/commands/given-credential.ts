import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { readText, withoutLastBreak } from '../inputs/files.ts';
import { AirgapError } from '../report/error.ts';

/** A credential as flags give it: the password never by itself. */
export interface GivenCredential {
  readonly username: string | undefined;
  readonly passwordFile: string | undefined;
}

/** Whose credential it is, and so how its flags and its variable are called. */
export type Whose = 'push' | 'pull';

const flagPrefix = { push: 'push-', pull: '' } as const;
const variables = { push: 'AIRGAP_BUNDLE_PUSH_PASSWORD', pull: 'AIRGAP_BUNDLE_PASSWORD' } as const;

export interface UserPassword {
  readonly username: string;
  readonly password: string;
}

/**
 * The user by flag, the password out of a file or a variable. Undefined where no user is given: the variable may be
 * set for every job of a machine, and alone asks for nothing.
 * @throws AirgapError usage where one of the two is missing
 */
export async function readGiven(
  whose: Whose,
  { username, passwordFile }: GivenCredential,
  context: Context,
): Promise<UserPassword | undefined> {
  if (!username && passwordFile) throw passwordOfNobody(whose, passwordFile);
  if (!username) return undefined;
  const variable = variables[whose];
  const password = passwordFile
    ? withoutLastBreak(
        await readText(resolve(context.cwd, passwordFile), `the ${whose} password file`),
      )
    : context.env[variable];
  if (password) return { username, password };
  const prefix = flagPrefix[whose];
  throw new AirgapError('usage', `the ${whose} password is missing`, {
    given: `--${prefix}username ${username}`,
    expected: `--${prefix}password-file FILE, or ${variable}`,
    next: `write the password into a file of mode 0600, and add --${prefix}password-file FILE`,
  });
}

function passwordOfNobody(whose: Whose, passwordFile: string): AirgapError {
  const flag = `${flagPrefix[whose]}username`;
  const without = whose === 'push' ? ' to push with the docker config' : '';
  return new AirgapError('usage', `a ${whose} password is given, but no user name`, {
    given: passwordFile,
    next: `add --${flag} (${whose}-username in the Action), or drop it${without}`,
  });
}

/** Keeps the password, and it and the user in one as registries get them, out of everything that is printed. */
export function emitSecret({ username, password }: UserPassword, { emit }: Context): void {
  emit({ kind: 'secret', value: password });
  emit({ kind: 'secret', value: Buffer.from(`${username}:${password}`).toString('base64') });
}
