import { once } from 'node:events';
import { createServer, request as httpRequest } from 'node:http';

export interface ForwardProxy {
  /** For HTTP_PROXY. */
  readonly url: string;
  /** Leads a name to a host; other names are answered with 502. */
  lead(name: string, host: string): void;
  stop(): Promise<void>;
}

/** An HTTP forward proxy, so that a name such as harbor.example.org is a registry on loopback. */
export async function startForwardProxy(): Promise<ForwardProxy> {
  const leads = new Map<string, string>();
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '');
    const host = leads.get(url.host);
    if (host === undefined) return void response.writeHead(502).end();
    const { method = 'GET', headers } = incoming;
    const to = `http://${host}${url.pathname}${url.search}`;
    const outgoing = httpRequest(to, { method, headers }, (upstream) => {
      response.writeHead(upstream.statusCode ?? 502, upstream.rawHeaders);
      upstream.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.pipe(outgoing);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    lead: (name, host) => {
      leads.set(name, host);
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
