import type { VerifiedBundle } from '../bundle/verified-bundle.ts';
import type { Context } from '../context.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayoutFile, TransferJob } from '../transfer/job.ts';
import { serveOnLoopback } from '../transfer/loopback.ts';
import type { Connections } from './connect.ts';

type Logins = Omit<Connections, 'registries'>;
type LayoutWork<T> = (file: LayoutFile, logins: Logins, context: Context) => Promise<T>;

/** What of a bundle is handed to oras. */
interface Content {
  readonly bundle: VerifiedBundle;
  readonly manifest: TransferJob['manifest'];
}

/** Gives `work` the bundle as oras reads one: by the descriptor of its file, or its parts as a registry. */
export function withLayoutFile<T>(
  content: Content,
  logins: Logins,
  context: Context,
  work: LayoutWork<T>,
): Promise<T> {
  const { isSplit, parts, path } = content.bundle.volume;
  const [whole] = parts;
  if (isSplit || whole === undefined) return withServedParts(content, logins, context, work);
  return work({ fd: whole.file.fd, path }, logins, context);
}

async function withServedParts<T>(
  { bundle, manifest }: Content,
  logins: Logins,
  context: Context,
  work: LayoutWork<T>,
): Promise<T> {
  const layout = {
    manifest,
    sizeOf: (digest: Digest) => bundle.blobSize(digest),
    read: (digest: Digest) => bundle.streamBlob(digest),
  };
  const { file, failed, close } = await serveOnLoopback(layout, context);
  // No one has a login for it, and no helper of the user need be asked.
  const credential: Logins['credential'] = async (host) =>
    host === file.client.host ? undefined : logins.credential(host);
  const signal = AbortSignal.any([context.signal, failed]);
  try {
    return await work(file, { ...logins, credential }, { ...context, signal });
  } finally {
    await close();
  }
}
