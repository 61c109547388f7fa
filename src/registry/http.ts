import { type Agent, type ClientRequest, type IncomingMessage, request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Readable } from 'node:stream';
import { bareHost } from './addresses.ts';

/** How the requests of one origin go. */
export interface Route {
  readonly agent: Agent;
  /** A proxy that takes plain requests as they are (RFC 9112, 3.2.2): it is sent the whole URL. */
  readonly relay?: Relay;
}

export interface Relay {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

export interface HttpRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string | undefined;
  readonly signal: AbortSignal;
  /** Milliseconds without a byte, until the headers of the answer are there. */
  readonly answerTimeout: number;
  /** Milliseconds without a byte, from then on. */
  readonly bodyTimeout: number;
}

/** Milliseconds in which a connection must be there. */
export const connectTimeout = 10_000;

/** One request by HTTP/1.1; resolves with the headers of its answer, of whatever status. */
export function sendHttp(request: HttpRequest, route: Route): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const { url, method, body, signal, answerTimeout, bodyTimeout } = request;
    const headers = { host: url.host, ...request.headers, ...route.relay?.headers };
    const options = { ...targetOf(url, route), method, headers, signal, timeout: answerTimeout };
    const outgoing = start(route.relay?.url ?? url)(options);
    let answer: IncomingMessage | undefined;
    outgoing.on('error', reject);
    outgoing.on('socket', () => limitConnecting(outgoing));
    outgoing.on('timeout', () => endStalled(answer ?? outgoing));
    outgoing.on('response', (incoming) => {
      if (route.relay && incoming.statusCode === 407) return outgoing.destroy(proxyRefused(407));
      answer = incoming;
      outgoing.setTimeout(bodyTimeout);
      resolve(incoming);
    });
    outgoing.end(body);
  });
}

/** Reads what is left of a body that nobody wants, so that its connection can be used again. */
export async function discard({ body }: { readonly body: Readable }): Promise<void> {
  body.on('error', () => {});
  await new Promise((resolve) => body.once('close', resolve).resume());
}

const start = ({ protocol }: URL) => (protocol === 'https:' ? secure : plain);

function targetOf(url: URL, { agent, relay }: Route) {
  const { port } = relay?.url ?? url;
  const path = relay ? url.href : `${url.pathname}${url.search}`;
  return { agent, path, host: bareHost(relay?.url ?? url), ...(port !== '' && { port }) };
}

function limitConnecting(outgoing: ClientRequest): void {
  const { socket } = outgoing;
  if (!socket?.connecting) return;
  const timer = setTimeout(() => outgoing.destroy(notConnected()), connectTimeout);
  for (const event of ['connect', 'close']) socket.once(event, () => clearTimeout(timer));
}

/** While bytes are waiting for us, it is not the server that stalls. */
function endStalled(stream: ClientRequest | IncomingMessage): void {
  if ('readableLength' in stream && stream.readableLength > 0) return;
  stream.destroy(coded('ERR_STALLED', 'not a byte came for too long'));
}

/** The proxy answers, but does not let us through. */
export function proxyRefused(status: string | number | undefined): Error {
  return coded('ERR_PROXY_REFUSED', `Proxy response (${status})`);
}

export function notConnected(): Error {
  return coded('ETIMEDOUT', `no connection after ${connectTimeout / 1000} s`);
}

export function coded(code: string, message: string): Error {
  return Object.assign(new Error(message), { code });
}
