import { AirgapError } from '../report/error.ts';
import type { Credential } from './access.ts';
import { wrongCredentials } from './failures.ts';
import { isPrivate, overPlainHttp } from './plain-http.ts';

export interface BasicOptions {
  readonly host: string;
  readonly registry: URL;
  /** Whether the credential may be sent readable by everyone on the way. */
  readonly allowPlainHttp: boolean;
  credential(): Promise<Credential | undefined>;
}

/** Basic from the first request: an API that takes it need not ask for it by a challenge, and Harbor's does not. */
export class Basic {
  readonly #options: BasicOptions;

  constructor(options: BasicOptions) {
    this.#options = options;
  }

  /** Undefined for who has no credential. @throws AirgapError('usage') instead of sending it over an open network */
  async header(): Promise<string | undefined> {
    const { host, registry, allowPlainHttp } = this.#options;
    const credential = await this.#options.credential();
    if (credential === undefined) return undefined;
    if (!allowPlainHttp && !isPrivate(registry)) throw overPlainHttp(host, registry);
    if (!('username' in credential)) throw noPassword(host);
    const { username, password } = credential;
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }

  /** There is nothing else to offer. @throws AirgapError('authentication') */
  async answer(): Promise<never> {
    throw wrongCredentials(this.#options.host, await this.isAnonymous(), '401');
  }

  async isAnonymous(): Promise<boolean> {
    return (await this.#options.credential()) === undefined;
  }
}

function noPassword(host: string): AirgapError {
  return new AirgapError('authentication', `${host} takes no identity token`, {
    expected: 'a user name and a password',
    next: 'give --push-username and --push-password-file',
  });
}
