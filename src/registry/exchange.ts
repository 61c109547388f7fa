import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import type { Authorization } from './authorization.ts';
import { isPassing, passingFailure, registryWords, wrongCredentials } from './failures.ts';
import { Places } from './places.ts';
import { Attempts, type RetryOptions, retry, retryAfter, type Transient } from './retry.ts';
import type { Answer, Request, Transport } from './transport.ts';

/** How long something is tried. */
export interface Patience {
  /** Milliseconds, for whoever has less time than the budget. */
  readonly within?: number | undefined;
  /** Aborts when it is not wanted any more, perhaps before the run. */
  readonly wanted?: AbortSignal | undefined;
}

/** One call of the distribution API. */
export interface Call extends Omit<Request, 'url'> {
  /** Path under the registry's origin, or a Location that it gave. */
  readonly to: string | URL;
  /** Token scopes, `repository:a/b:pull,push`. */
  readonly scopes: readonly string[];
}

export interface ExchangeOptions {
  readonly host: string;
  readonly registry: URL;
  readonly authorization: Pick<Authorization, 'header' | 'answer' | 'isAnonymous'>;
  readonly transport: Transport;
  readonly context: Context;
  readonly maxConcurrent: number | undefined;
  /** Milliseconds. */
  readonly retryBudget: number;
}

const mostRedirects = 5;
const largestErrorText = 64 * 1024;

/**
 * Calls to one registry, with all that they have in common: a place among so many at a time, retries,
 * authorization, redirects. Authorization goes to the registry's own origin and to no other.
 */
export class Exchange {
  readonly places: Places;
  /** Pulls that the host lets us make, as its last answer said; undefined where it does not count them. */
  pullsLeft: number | undefined;
  readonly #options: ExchangeOptions;

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.places = new Places(options.context, options.maxConcurrent);
  }

  /** Runs one piece of work (one or more calls), again from its start while it fails transiently. */
  async run<T>(work: () => Promise<T>, patience?: Patience): Promise<T> {
    const release = await this.places.enter();
    try {
      return await this.retry(work, patience);
    } finally {
      release();
    }
  }

  /** As `run`, for who has a place already. */
  retry<T>(work: () => Promise<T>, patience?: Patience): Promise<T> {
    const options = this.#retrying(patience);
    const { budget, signal } = options;
    return retry(() => this.places.whenOpen(work, budget, signal), options);
  }

  /** By the same rules, for work that goes on from where it stopped; each try waits by `whenOpen`. */
  attempts(): Attempts {
    return new Attempts(this.#retrying());
  }

  /** Not while the host asked to be left alone. */
  whenOpen<T>(work: () => Promise<T>): Promise<T> {
    return this.places.whenOpen(work, this.#options.retryBudget);
  }

  get signal(): AbortSignal {
    return this.#options.context.signal;
  }

  /** One answer of any status but 401 and those that pass. @throws Transient, AirgapError */
  async send(call: Call): Promise<Answer> {
    const { authorization, registry } = this.#options;
    const url = new URL(call.to, registry);
    const atHome = url.origin === registry.origin;
    const used = atHome ? await authorization.header(call.scopes) : undefined;
    let answer = await this.#follow(call, url, used);
    if (answer.status === 401 && answer.url.origin === registry.origin) {
      await answer.body.dump();
      const challenges = answer.headers['www-authenticate'] ?? '';
      const fresh = await authorization.answer([challenges].flat().join(', '), call.scopes, used);
      answer = await this.#follow(call, url, fresh);
      if (answer.status === 401) throw await this.#stillUnauthorized(answer);
    }
    if (isPassing(answer.status)) throw await this.#passing(answer);
    return answer;
  }

  /** The registry's words about a failure, safe to show; uses the body up. */
  async words(answer: Answer): Promise<string> {
    const body = await this.readAll(answer, largestErrorText).catch(() => '');
    return registryWords(body.toString(), String(answer.headers['content-type'] ?? ''));
  }

  readAll(answer: Answer, limit: number): Promise<Buffer> {
    return this.#options.transport.readAll(answer, limit);
  }

  failure(error: unknown, url: URL): unknown {
    return this.#options.transport.failure(error, url);
  }

  async #follow(
    { method, headers, body }: Call,
    start: URL,
    authorization: string | undefined,
  ): Promise<Answer> {
    let url = start;
    for (let hops = 0; hops <= mostRedirects; hops++) {
      const own = url.origin === this.#options.registry.origin && authorization !== undefined;
      const asked = performance.now();
      const answer = await this.#options.transport.request({
        method,
        url,
        headers: { ...headers, ...(own && { authorization }) },
        ...(body !== undefined && { body }),
      });
      const isRead = method === 'GET' || method === 'HEAD';
      if (isRead) this.places.answered(performance.now() - asked);
      this.places.moved(body?.length ?? 0);
      this.pullsLeft = pullsLeft(answer) ?? this.pullsLeft;
      const location = answer.headers.location;
      const redirected = [301, 302, 303, 307, 308].includes(answer.status);
      if (!redirected || !isRead || typeof location !== 'string') return answer;
      await answer.body.dump();
      url = locationFrom(url, location);
    }
    throw new AirgapError('usage', `${this.#options.host} redirects in a circle`, {
      given: `more than ${mostRedirects} redirects, the last to ${url.host}`,
      next: 'check the host, and the servers in front of the registry',
    });
  }

  async #stillUnauthorized(answer: Answer): Promise<AirgapError> {
    const anonymous = await this.#options.authorization.isAnonymous();
    return wrongCredentials(this.#options.host, anonymous, await this.words(answer));
  }

  async #passing(answer: Answer): Promise<Transient> {
    const header = answer.headers['retry-after']?.toString();
    const wait = retryAfter(header, this.#options.context.now());
    return passingFailure(answer.status, await this.words(answer), answer.url, wait);
  }

  #retrying({ within = Number.POSITIVE_INFINITY, wanted }: Patience = {}): RetryOptions {
    const { retryBudget, transport } = this.#options;
    const onWait = (wait: number, failure: Transient) => this.places.failing(failure, wait);
    const { answered, missed } = transport.reach;
    // Who had less time than the budget does not tell the others not to wait.
    const reach = { answered, missed: within < retryBudget ? new Set(missed) : missed };
    const signal = wanted ? AbortSignal.any([this.signal, wanted]) : this.signal;
    return { budget: Math.min(retryBudget, within), signal, reach, onWait };
  }
}

/** Docker Hub: `ratelimit-remaining: 76;w=21600`, pulls in so many seconds. */
function pullsLeft({ headers }: Answer): number | undefined {
  const left = /^\d+/.exec(headers['ratelimit-remaining']?.toString() ?? '')?.[0];
  return left === undefined ? undefined : Number(left);
}

/** Where a redirect or an upload's Location leads. @throws AirgapError('usage') from https to anything less. */
export function locationFrom(from: URL, location: string): URL {
  const url = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const allowed = from.protocol === 'http:' ? ['http:', 'https:'] : ['https:'];
  if (url === undefined || !allowed.includes(url.protocol)) {
    throw new AirgapError('usage', `${from.host} sends us on to an address that is not safe`, {
      given: url === undefined ? 'no URL' : `${url.protocol}//${url.host}`,
      expected: `${allowed.join(' or ')}//`,
      next: `check the external URL (scheme, X-Forwarded-Proto) that ${from.host} is configured with`,
    });
  }
  url.username = '';
  url.password = '';
  return url;
}
