import { AirgapError } from '../report/error.ts';
import type { Credential } from './access.ts';
import { type Challenge, checkRealm, parseChallenges } from './challenge.ts';
import { isPassing, passingFailure, registryWords, wrongCredentials } from './failures.ts';
import { isPrivate, overPlainHttp } from './plain-http.ts';
import { retryAfter } from './retry.ts';
import type { Answer, Transport } from './transport.ts';

export interface AuthorizationOptions {
  readonly host: string;
  readonly registry: URL;
  readonly transport: Transport;
  readonly now: () => Date;
  /** Whether credentials may be sent readable by everyone on the way. */
  readonly allowPlainHttp: boolean;
  credential(): Promise<Credential | undefined>;
}

interface Token {
  readonly header: string;
  /** Milliseconds of `performance.now()`. */
  readonly until: number;
}

const largestAnswer = 1024 * 1024;

/** The Authorization headers of one registry: learns the scheme from its first 401, keeps tokens by scope. */
export class Authorization {
  readonly #options: AuthorizationOptions;
  readonly #tokens = new Map<string, Promise<Token>>();
  #challenge: Challenge | undefined;

  constructor(options: AuthorizationOptions) {
    this.#options = options;
  }

  /** What to send with a first try: nothing until the registry has asked. */
  async header(scopes: readonly string[]): Promise<string | undefined> {
    if (this.#challenge === undefined) return undefined;
    if (this.#challenge.scheme === 'basic') return this.#basic();
    return this.#token(this.#challenge, scopes);
  }

  /**
   * The header that answers a 401, once.
   * @param used what the refused request carried: the same is never offered again
   * @throws AirgapError('authentication') when there is nothing else to offer
   */
  async answer(challenges: string, scopes: readonly string[], used?: string): Promise<string> {
    const offered = parseChallenges(challenges);
    const challenge =
      offered.find(({ scheme }) => scheme === 'bearer') ??
      offered.find(({ scheme }) => scheme === 'basic');
    if (challenge === undefined) throw this.#unknownScheme(offered);
    this.#challenge = withoutScope(challenge);
    if (challenge.scheme === 'bearer') return this.#freshToken(challenge, scopes, used);
    const header = await this.#basic();
    if (header === undefined) throw wrongCredentials(this.#options.host, true, '');
    if (header === used) throw wrongCredentials(this.#options.host, false, '');
    return header;
  }

  /** Whether requests go without a user: decides the wording of a refusal. */
  async isAnonymous(): Promise<boolean> {
    return (await this.#options.credential()) === undefined;
  }

  async #basic(): Promise<string | undefined> {
    const credential = await this.#options.credential();
    if (credential === undefined) return undefined;
    this.#mayGoTo(this.#options.registry);
    if ('username' in credential) return basicHeader(credential.username, credential.password);
    throw new AirgapError('authentication', `${this.#options.host} takes no identity token`, {
      expected: 'a user name and a password',
      next: `docker login ${this.#options.host}`,
    });
  }

  async #freshToken(
    challenge: Challenge,
    scopes: readonly string[],
    used: string | undefined,
  ): Promise<string> {
    const wanted = allScopes(scopes, challenge);
    // Another request may have fetched a fresh one meanwhile.
    const known = await this.#tokens.get(scopeKey(wanted))?.catch(() => undefined);
    if (known !== undefined && known.header === used) this.#tokens.delete(scopeKey(wanted));
    return this.#token(challenge, scopes);
  }

  async #token(challenge: Challenge, scopes: readonly string[]): Promise<string> {
    const wanted = allScopes(scopes, challenge);
    const key = scopeKey(wanted);
    const known = this.#tokens.get(key);
    if (known !== undefined) {
      const { header, until } = await known;
      if (performance.now() < until) return header;
      if (this.#tokens.get(key) === known) this.#tokens.delete(key);
      return this.#token(challenge, scopes);
    }
    const fetched = this.#fetchToken(challenge, wanted);
    this.#tokens.set(key, fetched);
    fetched.catch(() => this.#tokens.delete(key));
    return (await fetched).header;
  }

  async #fetchToken(challenge: Challenge, scopes: readonly string[]): Promise<Token> {
    const { host, registry, transport } = this.#options;
    const realm = checkRealm(challenge.parameters.realm ?? '', registry);
    const credential = await this.#options.credential();
    if (credential !== undefined) {
      this.#mayGoTo(realm);
      // The token that it buys is as good as the password for a while.
      this.#mayGoTo(registry);
    }
    const service = challenge.parameters.service ?? '';
    const answer =
      credential !== undefined && 'identityToken' in credential
        ? await this.#refresh(realm, service, scopes, credential.identityToken)
        : await this.#get(realm, service, scopes, credential);
    const text = (await transport.readAll(answer, largestAnswer)).toString();
    if (answer.status !== 200) throw this.#refusal(answer, text, credential === undefined);
    return readToken(text) ?? this.#noToken(host, realm);
  }

  #get(
    realm: URL,
    service: string,
    scopes: readonly string[],
    credential: { username: string; password: string } | undefined,
  ): Promise<Answer> {
    const url = new URL(realm);
    if (service) url.searchParams.set('service', service);
    for (const scope of scopes) url.searchParams.append('scope', scope);
    const headers = credential && {
      authorization: basicHeader(credential.username, credential.password),
    };
    return this.#options.transport.request({ method: 'GET', url, ...(headers && { headers }) });
  }

  #refresh(
    url: URL,
    service: string,
    scopes: readonly string[],
    identityToken: string,
  ): Promise<Answer> {
    const body = new URLSearchParams({
      grant_type: 'refresh_token',
      service,
      client_id: 'airgap-bundle',
      scope: scopes.join(' '),
      refresh_token: identityToken,
    }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return this.#options.transport.request({ method: 'POST', url, headers, body });
  }

  #refusal({ status, url, headers }: Answer, text: string, anonymous: boolean): Error {
    const said = registryWords(text, String(headers['content-type'] ?? ''));
    if (isPassing(status)) {
      const wait = retryAfter(headers['retry-after']?.toString(), this.#options.now());
      return passingFailure(status, said, url, wait);
    }
    const given = `${status} from its token service ${url.host}${said && `: ${said}`}`;
    return wrongCredentials(this.#options.host, anonymous, given);
  }

  /** The one place where a credential is kept from the open network. @throws AirgapError('usage') */
  #mayGoTo(url: URL): void {
    const { host, allowPlainHttp } = this.#options;
    if (!allowPlainHttp && !isPrivate(url)) throw overPlainHttp(host, url);
  }

  #noToken(host: string, realm: URL): never {
    throw new AirgapError('authentication', `the token service of ${host} gives no token`, {
      given: `an answer of ${realm.host} without one`,
      next: `docker login ${host}`,
    });
  }

  #unknownScheme(offered: readonly Challenge[]): AirgapError {
    const { host } = this.#options;
    return new AirgapError('authentication', `${host} wants a login of a kind not known here`, {
      given: offered.map(({ scheme }) => scheme).join(', ') || 'no challenge',
      expected: 'Bearer or Basic',
    });
  }
}

function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** What holds for the registry as a whole: the scope was for one request. */
function withoutScope({ scheme, parameters: { scope: _, ...parameters } }: Challenge): Challenge {
  return { scheme, parameters };
}

/** Ours, and whatever else than our repositories the registry asks for. */
function allScopes(scopes: readonly string[], { parameters }: Challenge): readonly string[] {
  const ours = new Set(scopes.map(resourceOf));
  const theirs = (parameters.scope ?? '').split(' ').filter(Boolean);
  return [...scopes, ...theirs.filter((scope) => !ours.has(resourceOf(scope)))];
}

/** `repository:a/b:pull` is about `repository:a/b`. */
function resourceOf(scope: string): string {
  return scope.slice(0, scope.lastIndexOf(':'));
}

function scopeKey(scopes: readonly string[]): string {
  return [...scopes].sort().join(' ');
}

/** Distribution's token answer: `token` or `access_token`; a minute where no life is told. */
function readToken(text: string): Token | undefined {
  let answer: { token?: unknown; access_token?: unknown; expires_in?: unknown };
  try {
    answer = JSON.parse(text) ?? {};
  } catch {
    return undefined;
  }
  const token = answer.token || answer.access_token;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  const life = typeof answer.expires_in === 'number' ? answer.expires_in : 60;
  return { header: `Bearer ${token}`, until: performance.now() + life * 900 };
}
