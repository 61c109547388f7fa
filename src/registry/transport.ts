import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { type AccessByHost, accessAt } from './access.ts';
import { bareHost } from './addresses.ts';
import { connectionFailure } from './connection-failures.ts';
import { isPassing } from './failures.ts';
import { proxyFor } from './proxy.ts';
import { type Reach, Transient } from './retry.ts';
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
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly body: Dispatcher.ResponseData['body'];
}

/** Without a byte for so long, milliseconds, a server counts as stalled, where nothing else is said. */
export const stallTime = 60_000;
/** Bytes a millisecond that what we send goes at least: until it is sent no byte comes back. */
const slowest = 32;

/** Connections, kept alive, with the trust and the proxy that each host is due. Knows no credentials. */
export class Transport {
  readonly reach: Reach = { answered: new Map(), missed: new Set() };
  readonly #access: AccessByHost;
  readonly #context: Context;
  readonly #stallMs: number;
  readonly #dispatchers = new Map<string, Promise<Dispatcher>>();
  #system: Promise<readonly string[]> | undefined;

  /** @param stallMs after so many milliseconds without a byte a request has failed */
  constructor(access: AccessByHost, context: Context, stallMs = stallTime) {
    this.#access = access;
    this.#context = context;
    this.#stallMs = stallMs;
  }

  /** One request, no redirects followed. @throws AirgapError, or Transient when it may work later. */
  async request({ url, method, headers, body }: Request): Promise<Answer> {
    const { signal } = this.#context;
    signal.throwIfAborted();
    const dispatcher = await this.#dispatcherFor(url);
    try {
      const { statusCode, ...answer } = await dispatcher.request({
        origin: url.origin,
        path: `${url.pathname}${url.search}`,
        method,
        headers: { 'user-agent': 'airgap-bundle', ...headers },
        body: body ?? null,
        // undici would close the connection after each HEAD and each empty POST.
        reset: false,
        signal,
        headersTimeout: this.#stallMs + (body?.length ?? 0) / slowest,
        bodyTimeout: this.#stallMs,
      });
      this.#heard(url.origin, isPassing(statusCode));
      return { url, status: statusCode, headers: answer.headers, body: answer.body };
    } catch (error) {
      throw this.failure(error, url);
    }
  }

  /** The whole body. @throws AirgapError('usage') when it is over `limit` bytes. */
  async readAll({ body, url }: Answer, limit: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      for await (const chunk of body as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        size += chunk.length;
        if (size > limit) {
          throw new AirgapError('usage', `${url.host} sends more than is allowed`, {
            expected: `at most ${limit} bytes`,
          });
        }
      }
    } catch (error) {
      throw this.failure(error, url);
    }
    return Buffer.concat(chunks, size);
  }

  /** What to throw for an error of undici; ours and unknown ones stay as they are. */
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
    const opened = await Promise.allSettled(this.#dispatchers.values());
    await Promise.all(
      opened.map((one) => (one.status === 'fulfilled' ? one.value.destroy() : undefined)),
    );
  }

  #dispatcherFor(url: URL): Promise<Dispatcher> {
    let dispatcher = this.#dispatchers.get(url.origin);
    if (dispatcher === undefined) {
      dispatcher = this.#open(url);
      this.#dispatchers.set(url.origin, dispatcher);
    }
    return dispatcher;
  }

  async #open(url: URL): Promise<Dispatcher> {
    const proxy = proxyFor(url, this.#context.env);
    const own = url.protocol === 'https:' ? await this.#tls(url) : {};
    if (proxy === undefined) return new Agent({ connect: own });
    return new ProxyAgent({
      uri: proxy.href,
      // A plain HTTP request goes to the proxy as it is: most refuse CONNECT to other ports than 443.
      proxyTunnel: url.protocol === 'https:',
      requestTls: { ...own, servername: bareHost(url) },
      proxyTls: proxy.protocol === 'https:' ? await this.#tls(proxy) : {},
    });
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
