import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type Job, section } from '../../test/helpers/job.ts';
import type { Authority } from '../../test/helpers/tls.ts';

export const user = { name: 'ops', password: 'canary-password' };

/** Who is not the registry, and must not learn what is for it. */
export interface Canary {
  readonly origin: string;
  /** Requests that brought any credential. */
  credentials(): number;
  requests(): number;
  close(): void;
}

/** A loopback address that is not the registry's. */
const elsewhere = '127.0.0.2';

export async function openCanary(): Promise<Canary> {
  let [requests, credentials] = [0, 0];
  const server = createHttp((request, response) => {
    requests++;
    const shown = JSON.stringify([request.headers, request.url]);
    if (request.headers.authorization !== undefined || shown.includes(user.password)) credentials++;
    response.writeHead(404).end();
  });
  server.listen(0, elsewhere);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://${elsewhere}:${address.port}`,
    requests: () => requests,
    credentials: () => credentials,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

export async function startTls(
  authority: Authority,
  names: readonly string[],
  listener: RequestListener,
  how: { expired?: boolean } = {},
) {
  const { cert, key } = await authority.issue(names, how);
  const server = createHttps({ cert: await readFile(cert), key: await readFile(key) }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { host: `127.0.0.1:${address.port}`, close };
}

/** A bundle of one image, whose registry is reached by this host. */
export const writeBundle = (job: Job, source: string, access: object) =>
  job.bundle('target.invalid', {
    ociImageRegistry: section('target.invalid'),
    images: ['nginx:1'],
    registries: { 'docker.io': { mirror: `${source}/docker.io` }, [source]: access },
  });
