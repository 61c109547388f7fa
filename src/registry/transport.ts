import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { type AccessByHost, accessAt } from './access.ts';
import { connectionFailure } from './connection-failures.ts';
import { isPassing } from './failures.ts';
import { type Route, sendHttp } from './http.ts';
import { proxyFor } from './proxy.ts';
import { type Reach, Transient } from './retry.ts';
import { directRoute, routeThrough } from './routes.ts';
import { dockerTrust, secureContext, systemTrust } from './trust.ts';

export interface Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
}

export interface Answer {
  readonly url: URL;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readable;
}

/** Without a byte for so long, milliseconds, a server counts as stalled, where nothing else is said. */
export const stallTime = 60_000;
/** What it must digest first may take longer. */
const writeTimeout = 300_000;

/** Connections, kept alive, with the trust and the proxy that each host is due. Knows no credentials. */
export class Transport {
  readonly reach: Reach = { answered: new Map(), missed: new Set() };
  readonly #access: AccessByHost;
  readonly #context: Context;
  readonly #stallMs: number;
  readonly #routes = new Map<string, Promise<Route>>();
  #system: Promise<readonly string[]> | undefined;

  /** @param stallMs after so many milliseconds without a byte a read has failed */
  constructor(access: AccessByHost, context: Context, stallMs = stallTime) {
    this.#access = access;
    this.#context = context;
    this.#stallMs = stallMs;
  }

  /** One request, no redirects followed. @throws AirgapError, or Transient when it may work later. */
  async request({ url, method, headers, body }: Request): Promise<Answer> {
    const { signal } = this.#context;
    signal.throwIfAborted();
    const route = await this.#routeTo(url);
    try {
      const answer = await sendHttp(
        {
          url,
          method,
          headers: { 'user-agent': 'airgap-bundle', ...headers },
          body,
          signal,
          answerTimeout: method === 'PUT' ? writeTimeout : this.#stallMs,
          bodyTimeout: this.#stallMs,
        },
        route,
      );
      const status = answer.statusCode ?? 0;
      this.#heard(url.origin, isPassing(status));
      return { url, status, headers: answer.headers, body: answer };
    } catch (error) {
      throw this.failure(error, url);
    }
  }

  /** The whole body. @throws AirgapError('integrity') when it is over `limit` bytes. */
  async readAll({ body, url }: Answer, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > limit) {
          throw new AirgapError('integrity', `${url.host} sends more than is allowed`, {
            expected: `at most ${limit} bytes`,
          });
        }
      }
    } catch (error) {
      throw this.failure(error, url);
    }
    return Buffer.concat(chunks, size);
  }

  /** What to throw for an error of Node; ours and unknown ones stay as they are. */
  failure(error: unknown, url: URL): unknown {
    if (error instanceof AirgapError || error instanceof Transient) return error;
    if (this.#context.signal.aborted) return this.#context.signal.reason;
    const proxy = proxyFor(url, this.#context.env);
    return connectionFailure(error, url, proxy?.host) ?? error;
  }

  #heard(origin: string, notNow: boolean): void {
    const { answered, missed } = this.reach;
    answered.set(origin, notNow ? (answered.get(origin) ?? 0) : performance.now());
    if (!notNow) missed.delete(origin);
  }

  /** Drops what was opened; what could not be opened was told to whoever asked for it. */
  async close(): Promise<void> {
    const opened = await Promise.allSettled(this.#routes.values());
    for (const one of opened) if (one.status === 'fulfilled') one.value.agent.destroy();
  }

  #routeTo(url: URL): Promise<Route> {
    let route = this.#routes.get(url.origin);
    if (route === undefined) {
      route = this.#open(url);
      this.#routes.set(url.origin, route);
    }
    return route;
  }

  async #open(url: URL): Promise<Route> {
    const proxy = proxyFor(url, this.#context.env);
    const tls = url.protocol === 'https:' ? await this.#tls(url) : {};
    if (proxy === undefined) return directRoute(url, tls);
    const proxyTls = proxy.protocol === 'https:' ? await this.#tls(proxy) : {};
    return routeThrough({ url: proxy, tls: proxyTls }, url, tls);
  }

  async #tls(url: URL) {
    this.#system ??= systemTrust(this.#context.env);
    const { caCert, insecureSkipVerify = false } = accessAt(url, this.#access);
    const authorities = [...(await this.#system), ...(await dockerTrust(url.host))];
    return {
      // Made once: reading some 300 certificates for every connection is slow.
      secureContext: secureContext(url.host, authorities, caCert),
      rejectUnauthorized: !insecureSkipVerify,
    };
  }
}
