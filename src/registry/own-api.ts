import type { Context } from '../context.ts';
import { type AccessByHost, type CredentialOf, originOf } from './access.ts';
import { Basic } from './basic.ts';
import { Exchange } from './exchange.ts';
import { registryWords } from './failures.ts';
import { itself, onceEach } from './once.ts';
import { tenMinutes } from './retry.ts';
import { Transport } from './transport.ts';

/** How a registry's own API is reached: as its distribution API is (`RegistriesOptions`). */
export interface OwnApiOptions {
  readonly access: AccessByHost;
  readonly credential: CredentialOf;
  readonly allowPlainHttpCredentials: boolean;
  readonly context: Context;
  /** Milliseconds. */
  readonly retryBudgetMs?: number;
  /** Milliseconds. */
  readonly stallMs?: number;
}

export interface OwnCall {
  readonly method: 'GET' | 'HEAD' | 'POST';
  /** Path and query. */
  readonly to: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes as JSON. */
  readonly body?: object;
}

export interface OwnAnswer {
  readonly status: number;
  /** The document, where the answer says that it is JSON and is; else undefined. */
  readonly json: unknown;
  /** What the answer says, fit for a message. */
  readonly words: string;
}

/**
 * What a registry has beside the distribution API: same trust, proxies, patience and care for credentials. What passes
 * is tried again; a 401 and what lasts are thrown as AirgapError (`authentication`, `usage`, `transient`).
 */
export interface OwnApi {
  readonly host: string;
  /** With the credential, as Basic. */
  ask(call: OwnCall): Promise<OwnAnswer>;
  /** Without, as long as nobody knows what it is that answers. */
  askAnonymously(call: OwnCall): Promise<OwnAnswer>;
  close(): Promise<void>;
}

const largestAnswer = 1024 * 1024;

export function openOwnApi(host: string, options: OwnApiOptions): OwnApi {
  const { access, context } = options;
  const transport = new Transport(access, context, options.stallMs);
  const credential = onceEach(itself, options.credential);
  const entered = openExchange(host, transport, options, () => credential(host));
  const anonymous = openExchange(host, transport, options, async () => undefined);
  return {
    host,
    ask: (call) => ask(entered, call),
    askAnonymously: (call) => ask(anonymous, call),
    close: () => transport.close(),
  };
}

function openExchange(
  host: string,
  transport: Transport,
  { access, context, allowPlainHttpCredentials, retryBudgetMs = tenMinutes }: OwnApiOptions,
  credential: () => ReturnType<CredentialOf>,
): Exchange {
  const here = access[host] ?? {};
  const registry = new URL(originOf(host, here));
  const entry = { host, registry, allowPlainHttp: allowPlainHttpCredentials, credential };
  const authorization = new Basic(entry);
  const { maxConcurrent } = here;
  const ways = { maxConcurrent, retryBudget: retryBudgetMs };
  return new Exchange({ host, registry, authorization, transport, context, ...ways });
}

function ask(exchange: Exchange, { method, to, headers, body }: OwnCall): Promise<OwnAnswer> {
  const call = {
    method,
    to,
    scopes: [],
    headers: { accept: 'application/json', ...(body && jsonBody), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  };
  return exchange.run(async () => {
    const answer = await exchange.send(call);
    const type = String(answer.headers['content-type'] ?? '');
    const text = (await exchange.readAll(answer, largestAnswer)).toString();
    const { status } = answer;
    return { status, json: parsed(text, type), words: registryWords(text, type) };
  });
}

const jsonBody = { 'content-type': 'application/json' };

function parsed(text: string, type: string): unknown {
  if (!/\bjson\b/i.test(type)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
