import { request as plain } from 'node:http';
import { request as secure } from 'node:https';
import type { Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { bareHost } from './addresses.ts';
import { connectTimeout, notConnected, proxyRefused } from './http.ts';

/** What is trusted at the other end. */
export interface Tls {
  readonly secureContext?: SecureContext;
  readonly rejectUnauthorized?: boolean;
}

export interface ProxyServer {
  readonly url: URL;
  readonly tls: Tls;
}

/** A connection to `host` that an HTTP proxy makes for us (RFC 9110, 9.3.6). */
export function openTunnel({ url, tls }: ProxyServer, host: string, port: number): Promise<Socket> {
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const start = url.protocol === 'https:' ? secure : plain;
    const asked = start({
      ...tls,
      agent: false,
      method: 'CONNECT',
      host: bareHost(url),
      ...(url.port !== '' && { port: url.port }),
      path: authority,
      headers: { host: authority, ...proxyAuthorization(url) },
      timeout: connectTimeout,
    });
    asked.on('error', reject);
    asked.on('timeout', () => asked.destroy(notConnected()));
    asked.on('connect', ({ statusCode }, socket, head) => {
      if (statusCode !== 200) {
        socket.destroy();
        return reject(proxyRefused(statusCode));
      }
      socket.setTimeout(0);
      socket.unshift(head);
      resolve(socket as Socket);
    });
    asked.end();
  });
}

/** What a URL with a user name says to the proxy. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
