import type { Context } from '../context.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { RegistryClient } from '../registry/client.ts';
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
  let breaks = 0;
  let served: Served | undefined;
  return {
    async after({ class: name, status }) {
      served?.failed.throwIfAborted();
      // At which end it broke oras does not tell: a body that is cut fails in the request that sends it on.
      if (name === 'transient' && status === undefined) breaks++;
      if (breaks < enough || !('client' in from)) return copy;
      served ??= await serve(from, copy, blobs, context);
      return { ...copy, from: { ...served.source, places: from.client.places } };
    },
    close: async () => served?.close(),
  };
}

/** What a copy of one image manifest reads; its hosts' places are the process's. */
function serve(
  { client, repository }: { readonly client: RegistryClient; readonly repository: string },
  { digest: root }: Copy,
  blobs: readonly Descriptor[],
  context: Pick<Context, 'signal'>,
): Promise<Served> {
  const sizes = new Map(blobs.map(({ digest, size }) => [digest, size]));
  const content = {
    // Of the manifest only whether it is there is asked.
    sizeOf: (digest: Copy['digest']) => (digest === root ? 0 : sizes.get(digest)),
    async *read(digest: Copy['digest'], wanted: AbortSignal) {
      yield* (await client.openBlob(repository, digest, wanted)).body;
    },
    async manifest(digest: Copy['digest']) {
      const found = await client.getManifest(repository, digest);
      if (found === undefined) throw gone(client.host, repository, digest);
      return { mediaType: found.descriptor.mediaType, bytes: found.bytes };
    },
  };
  return serveOnLoopback(content, context);
}

function gone(host: string, repository: string, digest: Copy['digest']): AirgapError {
  return new AirgapError('usage', 'the source does not have an image any more', {
    given: `no manifest ${digest} in ${host}/${repository}`,
    next: 'run again: tags are resolved anew',
  });
}
