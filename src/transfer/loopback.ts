import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { LayoutFile, TransferJob } from './job.ts';

/** A layout whose tar lies in several files. */
export interface SplitLayout {
  /** Bytes; undefined for a blob that it does not have. */
  sizeOf(digest: Digest): number | undefined;
  read(digest: Digest): AsyncIterable<Buffer>;
  readonly manifest: TransferJob['manifest'];
}

export interface Served {
  readonly file: Exclude<LayoutFile, { readonly fd: number }>;
  /** Aborts when the layout cannot be read: no other try would help. */
  readonly failed: AbortSignal;
  close(): Promise<void>;
}

/**
 * Serves a layout that lies in several files, over which oras cannot seek, as a registry on the loopback address:
 * the pulling half of the distribution API. The repository's random name keeps out who only
 * scans ports; oras's arguments, which other users of the machine may read, tell it.
 */
export async function serveOnLoopback(
  layout: SplitLayout,
  { signal }: Pick<Context, 'signal'>,
): Promise<Served> {
  const repository = `bundle/${randomBytes(16).toString('hex')}`;
  const failing = new AbortController();
  const fail = (error: unknown) => {
    if (!signal.aborted) failing.abort(error);
  };
  let awaited = 0;
  const count = (change: 1 | -1) => {
    awaited += change;
  };
  const counted = { ...layout, read: (digest: Digest) => counting(layout.read(digest), count) };
  const server = createServer((request, response) => {
    const wanted = pathOf(repository, request.url ?? '');
    const answered = wanted ? answers[wanted.kind] : undefined;
    if (!wanted || !answered) return void response.writeHead(404).end();
    const isHead = request.method === 'HEAD';
    answered(counted, wanted.digest, isHead, response).catch((error) => {
      // Whoever asked went away: oras has stopped, or the whole run has.
      if (!isGone(error)) fail(error);
      response.destroy();
    });
  });
  const host = await listen(server);
  return {
    file: {
      client: { host, access: { plainHttp: true }, isBehind: () => awaited > 0 },
      repository,
    },
    failed: failing.signal,
    close: () => stop(server),
  };
}

/** Tells of each chunk that is waited for (1) and has come (-1). */
async function* counting(chunks: AsyncIterable<Buffer>, change: (by: 1 | -1) => void) {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      change(1);
      const { done, value } = await iterator.next().finally(() => change(-1));
      if (done) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

const answers = { manifests: sendManifest, blobs: sendBlob } as const;

function pathOf(repository: string, url: string) {
  const [, name, kind, digest] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/.exec(url) ?? [];
  if (name !== repository || digest === undefined || !isDigest(digest)) return undefined;
  return { kind: kind as keyof typeof answers, digest };
}

async function sendManifest(
  layout: SplitLayout,
  digest: Digest,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  if (layout.sizeOf(digest) === undefined) return void response.writeHead(404).end();
  const { mediaType, bytes } = await layout.manifest(digest);
  writeHead(response, mediaType, bytes.length, digest);
  response.end(isHead ? undefined : bytes);
}

async function sendBlob(
  layout: SplitLayout,
  digest: Digest,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  const size = layout.sizeOf(digest);
  if (size === undefined) return void response.writeHead(404).end();
  writeHead(response, 'application/octet-stream', size, digest);
  if (isHead) return void response.end();
  await pipeline(layout.read(digest), response);
}

function writeHead(response: ServerResponse, type: string, size: number, digest: Digest): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'docker-content-digest': digest,
  });
}

function isGone(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'EPIPE' || code === 'ECONNRESET';
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((done, refuse) => {
    server.once('error', refuse);
    server.listen(0, '127.0.0.1', done);
  });
  const { address, port } = server.address() as AddressInfo;
  return `${address}:${port}`;
}

async function stop(server: Server): Promise<void> {
  const stopped = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  await stopped;
}
