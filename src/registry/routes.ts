import { type ClientRequestArgs, Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as startTls } from 'node:tls';
import type { Route } from './http.ts';
import { openSocks } from './socks.ts';
import { openTunnel, type ProxyServer, proxyAuthorization, type Tls } from './tunnel.ts';

/** An idle connection goes after so many milliseconds, before the server drops it under a request of ours. */
const idleTimeout = 4_000;
const keptAlive = { keepAlive: true, timeout: idleTimeout };

/** To the origin itself. */
export function directRoute({ protocol }: URL, tls: Tls): Route {
  if (protocol === 'http:') return { agent: new PlainAgent(keptAlive) };
  return { agent: new SecureAgent({ ...keptAlive, ...tls }) };
}

/**
 * By a proxy. An HTTP proxy gets plain HTTP as it is, since most refuse CONNECT to other ports than 443; all else
 * goes in a tunnel, with TLS between the origin and us.
 */
export function routeThrough(proxy: ProxyServer, { protocol }: URL, tls: Tls): Route {
  const isSocks = proxy.url.protocol === 'socks5:';
  if (protocol === 'http:' && !isSocks) {
    const relay = { url: proxy.url, headers: proxyAuthorization(proxy.url) };
    return { ...directRoute(proxy.url, proxy.tls), relay };
  }
  const open: Open = isSocks
    ? (host, port) => openSocks(proxy.url, host, port)
    : (host, port) => openTunnel(proxy, host, port);
  return { agent: protocol === 'https:' ? secureTunnels(open, tls) : plainTunnels(open) };
}

/** Resolves to a connection on which the origin can be spoken to. */
type Open = (host: string, port: number) => Promise<Socket>;

/** How an agent asks for a connection, which may come later. */
type CreateConnection = (
  options: ClientRequestArgs,
  connected: (error: Error | null, stream?: Duplex) => void,
) => void;

function plainTunnels(open: Open): PlainAgent {
  const create: CreateConnection = ({ host, port }, connected) => {
    open(String(host), Number(port)).then((socket) => connected(null, socket), connected);
  };
  return Object.assign(new PlainAgent(keptAlive), { createConnection: create as never });
}

function secureTunnels(open: Open, tls: Tls): SecureAgent {
  const create: CreateConnection = (options, connected) => {
    const { host, port, ...others } = options as ClientRequestArgs & Tls;
    const begin = (socket: Socket) => startTls({ ...others, socket } as never);
    open(String(host), Number(port)).then((socket) => connected(null, begin(socket)), connected);
  };
  return Object.assign(new SecureAgent({ ...keptAlive, ...tls }), {
    createConnection: create as never,
  });
}
