import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayoutFile, TransferJob } from '../transfer/job.ts';
import { serveOnLoopback } from '../transfer/loopback.ts';
import type { Connections } from './connect.ts';

type Logins = Omit<Connections, 'registries'>;
type LayoutWork<T> = (layout: Layout, logins: Logins, context: Context) => Promise<T>;

/** A bundle as oras reads one. */
export interface Layout {
  readonly file: LayoutFile;
  /** In a delta: with what it leaves to its base. */
  readonly whole: LayoutFile;
}

/** What of a bundle is handed to oras. */
interface Content {
  readonly bundle: VerifiedBundle;
  readonly manifest: TransferJob['manifest'];
  /** In a delta: what it leaves to its base. */
  readonly base?: BaseContent | undefined;
}

export interface BaseContent {
  readonly sizes: ReadonlyMap<Digest, number>;
  /** @param wanted aborts when nobody reads it any more */
  read(digest: Digest, wanted: AbortSignal): AsyncIterable<Buffer>;
}

/** Gives `work` the bundle by the descriptor of its file; as a registry where it lies in parts, or is a delta. */
export function withLayout<T>(
  content: Content,
  logins: Logins,
  context: Context,
  work: LayoutWork<T>,
): Promise<T> {
  const { isSplit, parts, path } = content.bundle.volume;
  const [only] = parts;
  const file = isSplit || only === undefined ? undefined : { fd: only.file.fd, path };
  if (file && !content.base) return work({ file, whole: file }, logins, context);
  return withServed(content, logins, context, (served, by, during) =>
    work({ file: file ?? served, whole: served }, by, during),
  );
}

async function withServed<T>(
  { bundle, manifest, base }: Content,
  logins: Logins,
  context: Context,
  work: (served: LayoutFile, logins: Logins, context: Context) => Promise<T>,
): Promise<T> {
  const content = {
    manifest,
    sizeOf: (digest: Digest) => base?.sizes.get(digest) ?? bundle.blobSize(digest),
    read: (digest: Digest, wanted: AbortSignal) =>
      base?.sizes.has(digest) ? base.read(digest, wanted) : bundle.streamBlob(digest),
  };
  const { source, failed, close } = await serveOnLoopback(content, context);
  // No one has a login for it, and no helper of the user need be asked.
  const credential: Logins['credential'] = async (host) =>
    host === source.server.host ? undefined : logins.credential(host);
  const signal = AbortSignal.any([context.signal, failed]);
  try {
    return await work(source, { ...logins, credential }, { ...context, signal });
  } finally {
    await close();
  }
}
