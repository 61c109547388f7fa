import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import { type Disturbance, forward } from './proxy-forward.ts';

export interface FrontRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** What the proxy says itself, or does to what passes; `reset` drops the connection. */
export type FrontAnswer =
  | { readonly status: number; readonly headers?: OutgoingHttpHeaders; readonly body?: string }
  | Disturbance
  | 'reset';

/** Undefined: the request goes on to the registry. A promise delays it. */
export type FrontRule = (
  request: FrontRequest,
) => FrontAnswer | undefined | Promise<FrontAnswer | undefined>;

export interface FrontProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** Every request in order of arrival; `status` is 0 until it is answered, or when it was reset. */
  readonly requests: readonly (FrontRequest & { readonly status: number })[];
  /** The first that answers wins; may be changed while running. */
  readonly rules: FrontRule[];
  /** Most requests that were under way at the same time, from the first byte in to the last one out. */
  mostAtOnce(): number;
  /** Forgets the requests so far. */
  clear(): void;
  stop(): Promise<void>;
}

/** A recording, faulting HTTP proxy before a real registry: for the faults that it would not produce. */
export async function startFrontProxy(
  upstreamHost: string,
  rules: readonly FrontRule[] = [],
  port = 0,
): Promise<FrontProxy> {
  const active = [...rules];
  const requests: (FrontRequest & { status: number })[] = [];
  const underWay = new Set<ServerResponse>();
  let mostAtOnce = 0;
  const server = createServer((incoming, response) => {
    underWay.add(response);
    mostAtOnce = Math.max(mostAtOnce, underWay.size);
    for (const end of ['finish', 'close']) response.once(end, () => underWay.delete(response));
    const record = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      status: 0,
    };
    requests.push(record);
    response.on('error', () => {});
    handle(record, incoming, response).catch(() => response.destroy());
  });
  const handle = async (
    record: FrontRequest & { status: number },
    incoming: IncomingMessage,
    response: ServerResponse,
  ) => {
    const answer = await firstAnswer(active, record);
    if (answer === 'reset') return void incoming.socket.destroy();
    if (answer !== undefined && 'status' in answer) {
      record.status = answer.status;
      incoming.resume();
      return void response.writeHead(answer.status, answer.headers).end(answer.body);
    }
    record.status = await forward(upstreamHost, incoming, response, answer);
  };
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    host: `127.0.0.1:${address.port}`,
    requests,
    rules: active,
    mostAtOnce: () => mostAtOnce,
    clear: () => {
      requests.length = 0;
      mostAtOnce = 0;
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function firstAnswer(
  rules: readonly FrontRule[],
  request: FrontRequest,
): Promise<FrontAnswer | undefined> {
  for (const rule of rules) {
    const answer = await rule(request);
    if (answer !== undefined) return answer;
  }
  return undefined;
}
