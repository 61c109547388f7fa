import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { bareHost } from './addresses.ts';
import { coded, connectTimeout, notConnected, proxyRefused } from './http.ts';

/** A connection to `host` that a SOCKS proxy makes for us, which also looks up the name (RFC 1928, RFC 1929). */
export async function openSocks(proxy: URL, host: string, port: number): Promise<Socket> {
  const socket = connect(Number(proxy.port || 1080), bareHost(proxy));
  const timer = setTimeout(() => socket.destroy(notConnected()), connectTimeout);
  try {
    await once(socket, 'connect');
    await greet(socket, proxy);
    await askFor(socket, host, port);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

const byPassword = 2;

async function greet(socket: Socket, { username, password }: URL): Promise<void> {
  socket.write(Buffer.from(username === '' ? [5, 1, 0] : [5, 2, 0, byPassword]));
  const [version, method] = await take(socket, 2);
  if (version !== 5 || method === 0xff) throw proxyRefused(version === 5 ? 407 : 'no SOCKS 5');
  if (method !== byPassword) return;
  const words = [username, password].map((word) => sized(decodeURIComponent(word)));
  socket.write(Buffer.concat([Buffer.from([1]), ...words]));
  const [, status] = await take(socket, 2);
  if (status !== 0) throw proxyRefused(407);
}

/** By its name, as an address that the proxy finds is one that it can reach. */
async function askFor(socket: Socket, host: string, port: number): Promise<void> {
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([5, 1, 0, 3]), sized(host), portBytes]));
  const [, status = 1, , kind] = await take(socket, 4);
  // In the words of an HTTP proxy: 2 is what its rules forbid, all else means that it did not get through.
  if (status !== 0) throw proxyRefused(status === 2 ? 403 : `502, SOCKS ${status}`);
  const length = kind === 1 ? 4 : kind === 4 ? 16 : ((await take(socket, 1))[0] ?? 0);
  await take(socket, length + 2);
}

function sized(text: string): Buffer {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

async function take(socket: Socket, length: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(length);
    if (bytes) return bytes;
    if (socket.readableEnded || socket.destroyed) throw coded('ECONNRESET', 'the proxy hung up');
    await Promise.race([once(socket, 'readable'), once(socket, 'end')]);
  }
}
