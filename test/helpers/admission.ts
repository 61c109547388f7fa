import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import { text } from 'node:stream/consumers';
import type { Authority } from './tls.ts';

/** A pod as an API server shows it to a webhook. */
export interface Pod {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly containers: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
}

export interface Container {
  readonly name: string;
  readonly image: string;
}

export interface PatchStep {
  readonly op: 'add' | 'replace';
  /** JSON pointer. */
  readonly path: string;
  readonly value: unknown;
}

export interface AdmissionServer {
  /** Of a webhook's registration. */
  readonly clientConfig: { readonly url: string; readonly caBundle: string };
  stop(): Promise<void>;
}

/** A mutating webhook over HTTPS. Where `mutate` throws, it answers 500, which is no answer for an API server. */
export async function startAdmission(
  authority: Authority,
  mutate: (pod: Pod) => readonly PatchStep[],
): Promise<AdmissionServer> {
  const tls = await authority.issue(['IP:127.0.0.1']);
  const [cert, key] = await Promise.all([readFile(tls.cert), readFile(tls.key)]);
  const server = createServer({ cert, key }, (incoming, response) => {
    reviewed(incoming, mutate).then(
      (review) => response.setHeader('content-type', 'application/json').end(review),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    clientConfig: {
      url: `https://127.0.0.1:${address.port}/`,
      caBundle: Buffer.from(authority.pem).toString('base64'),
    },
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

interface AdmissionReview {
  readonly request: { readonly uid: string; readonly object: Pod };
}

async function reviewed(
  incoming: IncomingMessage,
  mutate: (pod: Pod) => readonly PatchStep[],
): Promise<string> {
  const { request } = JSON.parse(await text(incoming)) as AdmissionReview;
  const steps = mutate(request.object);
  const patch = Buffer.from(JSON.stringify(steps)).toString('base64');
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed: true,
      ...(steps.length > 0 && { patchType: 'JSONPatch', patch }),
    },
  });
}
