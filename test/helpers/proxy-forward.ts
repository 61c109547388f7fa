import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** What happens to a request that goes on to the registry; counts are of bytes of a body. */
export interface Disturbance {
  /** The answer's body ends by a closed connection. */
  readonly cutAfter?: number;
  /** The answer's body ends as if it were complete; no length is told. */
  readonly endAfter?: number;
  /** Nothing more of the answer's body comes, and the connection stays. */
  readonly stallAfter?: number;
  /** One bit of this byte of the answer's body is another one. */
  readonly flipAt?: number;
  /** So many bytes a second are taken of what is sent. */
  readonly sentAt?: number;
  /** What is sent is taken so far, then the connection is reset at both ends. */
  readonly sentCutAfter?: number;
  /** What is sent is taken so far, then no more, and no answer comes. */
  readonly sentStallAfter?: number;
  /** The registry does all of it, and the connection is reset before it can say so. */
  readonly isAckLost?: boolean;
}

/**
 * Hands a request to the registry and its answer back; resolves to the status as soon as it is known, 0 when nobody
 * hears of it. The Host header stays the client's, so that the registry's Locations lead back through the proxy.
 */
export function forward(
  upstreamHost: string,
  incoming: IncomingMessage,
  response: ServerResponse,
  how: Disturbance = {},
): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(`http://${upstreamHost}${incoming.url}`, {
      method: incoming.method ?? 'GET',
      headers: incoming.headers,
    });
    outgoing.on('response', (upstream) => {
      upstream.on('error', () => response.destroy());
      resolve(how.isAckLost ? 0 : (upstream.statusCode ?? 502));
      if (how.isAckLost) upstream.resume().once('end', () => incoming.socket.resetAndDestroy());
      else answer(upstream, response, how);
    });
    outgoing.on('error', reject);
    incoming.on('error', reject);
    response.once('close', () => outgoing.destroy());
    send(incoming, outgoing, how).catch(reject);
  });
}

async function send(
  incoming: IncomingMessage,
  outgoing: NodeJS.WritableStream & { destroy(): unknown },
  { sentAt, sentCutAfter, sentStallAfter }: Disturbance,
): Promise<void> {
  if (sentAt !== undefined) return pipeline(incoming, (body) => slowed(body, sentAt), outgoing);
  const limit = sentCutAfter ?? sentStallAfter;
  if (limit === undefined) return void incoming.pipe(outgoing);
  for await (const chunk of firstBytes(incoming, limit)) outgoing.write(chunk);
  if (sentCutAfter === undefined) return;
  outgoing.destroy();
  incoming.socket.resetAndDestroy();
}

/** Leaves the stream open where it stops. */
async function* firstBytes(body: IncomingMessage, limit: number): AsyncGenerator<Buffer> {
  let left = limit;
  if (left === 0) return;
  for await (const chunk of body.iterator({ destroyOnReturn: false })) {
    yield (chunk as Buffer).subarray(0, left);
    left -= (chunk as Buffer).length;
    if (left <= 0) return;
  }
}

async function* slowed(body: AsyncIterable<Buffer>, rate: number): AsyncGenerator<Buffer> {
  for await (const chunk of body) {
    yield chunk;
    await sleep((1000 * chunk.length) / rate);
  }
}

function answer(upstream: IncomingMessage, response: ServerResponse, how: Disturbance): void {
  const limit = how.cutAfter ?? how.endAfter ?? how.stallAfter;
  const untold = how.endAfter === undefined ? [] : ['content-length'];
  response.writeHead(upstream.statusCode ?? 502, withoutHeaders(upstream.rawHeaders, untold));
  if (limit !== undefined) shorten(upstream, response, limit, how);
  else if (how.flipAt !== undefined) flip(upstream, response, how.flipAt);
  else upstream.pipe(response);
}

function withoutHeaders(raw: readonly string[], names: readonly string[]): string[] {
  const pairs = raw.flatMap((name, at) => (at % 2 === 0 ? [[name, raw[at + 1] ?? '']] : []));
  return pairs.filter(([name = '']) => !names.includes(name.toLowerCase())).flat();
}

function shorten(
  upstream: IncomingMessage,
  response: ServerResponse,
  limit: number,
  how: Disturbance,
): void {
  let left = limit;
  const isOver = () => {
    if (left > 0) return;
    upstream.destroy();
    // Ended by FIN after the bytes are out, as a dying server does: destroying here could drop them.
    if (how.cutAfter !== undefined) response.socket?.end();
    if (how.endAfter !== undefined) response.end();
  };
  response.flushHeaders();
  upstream.on('data', (chunk: Buffer) => {
    if (left <= 0) return;
    response.write(chunk.subarray(0, left));
    left -= chunk.length;
    isOver();
  });
  upstream.once('end', () => response.end());
  isOver();
}

function flip(upstream: IncomingMessage, response: ServerResponse, place: number): void {
  let at = 0;
  upstream.on('data', (chunk: Buffer) => {
    const within = place - at;
    const byte = chunk[within];
    if (byte !== undefined) chunk[within] = byte ^ 1;
    at += chunk.length;
    response.write(chunk);
  });
  upstream.once('end', () => response.end());
}
