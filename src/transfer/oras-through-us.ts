import type { Context } from '../context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import { RegistryClient } from '../registry/client.ts';
import { AirgapError } from '../report/error.ts';
import { type Served, serveOnLoopback } from './loopback.ts';
import type { Copy } from './oras.ts';
import type { OrasFailure } from './oras-errors.ts';

/** The way round a source that breaks off: oras begins a blob anew, our own client goes on from where it broke. */
export interface ThroughUs {
  /** The copy as it is to be made after this failure. @throws what our own client met while oras read through us */
  after(failure: OrasFailure): Promise<Copy>;
  close(): Promise<void>;
}

/** Times that a connection may break off before oras reads it through us. */
const enough = 2;

/** @param blobs what oras has to copy */
export function throughUs(
  copy: Copy,
  blobs: readonly Descriptor[],
  context: Pick<Context, 'signal'>,
): ThroughUs {
  const { from } = copy;
  const client =
    'client' in from && from.client instanceof RegistryClient ? from.client : undefined;
  let breaks = 0;
  let served: Served | undefined;
  return {
    async after({ class: name, status }) {
      served?.failed.throwIfAborted();
      // At which end it broke oras does not tell: a body that is cut fails in the request that sends it on.
      if (name === 'transient' && status === undefined) breaks++;
      if (client === undefined || breaks < enough || !('client' in from)) return copy;
      served ??= await serve(client, from.repository, copy, blobs, context);
      const { client: server, repository } = served.file;
      return { ...copy, from: { client: { ...server, places: client.places }, repository } };
    },
    close: async () => served?.close(),
  };
}

/** What a copy of one image manifest reads; its hosts' places are the process's. */
function serve(
  client: RegistryClient,
  repository: string,
  { digest: root }: Copy,
  blobs: readonly Descriptor[],
  context: Pick<Context, 'signal'>,
): Promise<Served> {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const layout = {
    // Of the manifest only whether it is there is asked.
    sizeOf: (digest: Copy['digest']) => (digest === root ? 0 : sizes.get(digest)),
    async *read(digest: Copy['digest']) {
      yield* (await client.openBlob(repository, digest)).body;
    },
    async manifest(digest: Copy['digest']) {
      const found = await client.getManifest(repository, digest);
      if (found === undefined) throw gone(client.host, repository, digest);
      return { mediaType: found.descriptor.mediaType, bytes: found.bytes };
    },
  };
  return serveOnLoopback(layout, context);
}

function gone(host: string, repository: string, digest: Copy['digest']): AirgapError {
  return new AirgapError('usage', 'the source does not have an image any more', {
    given: `no manifest ${digest} in ${host}/${repository}`,
    next: 'run again: tags are resolved anew',
  });
}
