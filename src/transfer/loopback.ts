import { randomBytes } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import type { Context } from '../context.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import type { ServedByUs, TransferJob } from './job.ts';

/** Manifests and blobs that we can read and oras cannot, or not as well. */
export interface Content {
  /** Bytes; undefined for what is not in it. */
  sizeOf(digest: Digest): number | undefined;
  /** @param wanted aborts when nobody reads it any more */
  read(digest: Digest, wanted: AbortSignal): AsyncIterable<Buffer>;
  readonly manifest: TransferJob['manifest'];
}

export interface Served {
  readonly source: ServedByUs;
  /** Aborts when the content cannot be read: no other try would help. */
  readonly failed: AbortSignal;
  close(): Promise<void>;
}

/**
 * Serves content as a registry on the loopback address, the pulling half of the distribution API: a layout that lies in
 * several files, over which oras cannot seek, one with the blobs of its base, a source that breaks off. The repository's
 * random name keeps out who only scans ports; oras's arguments, which other users of the machine may read, tell it.
 */
export async function serveOnLoopback(
  content: Content,
  { signal }: Pick<Context, 'signal'>,
): Promise<Served> {
  const repository = `bundle/${randomBytes(16).toString('hex')}`;
  const failing = new AbortController();
  const ended = (thrown: unknown) => {
    const errors: unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    // Whoever asked may have gone away: oras has stopped, or the whole run has.
    const failure = errors.find((error) => !isGone(error));
    if (failure !== undefined && !signal.aborted) failing.abort(failure);
  };
  const waiting = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    const wanted = pathOf(repository, request.url ?? '');
    const answered = wanted ? answers[wanted.kind] : undefined;
    if (!wanted || !answered) return void response.writeHead(404).end();
    const isHead = request.method === 'HEAD';
    const seen = { ...content, read: readFor(response, content, waiting) };
    answered(seen, wanted.digest, isHead, response).catch((error) => {
      ended(error);
      response.destroy();
    });
  });
  const host = await listen(server);
  return {
    source: {
      server: { host, access: { plainHttp: true } },
      repository,
      isBehind: () => waiting.size > 0,
    },
    failed: failing.signal,
    close: () => stop(server),
  };
}

/** Content for one response. */
type Seen = Omit<Content, 'read'> & { readonly read: (digest: Digest) => AsyncIterable<Buffer> };

/** Reads for a response, which is `waiting` while the next chunk has not come, and wants none once it is closed. */
function readFor(response: ServerResponse, { read }: Content, waiting: Set<ServerResponse>) {
  const closed = new AbortController();
  response.once('close', () => {
    closed.abort();
    waiting.delete(response);
  });
  return async function* (digest: Digest) {
    const iterator = read(digest, closed.signal)[Symbol.asyncIterator]();
    try {
      for (;;) {
        closed.signal.throwIfAborted();
        waiting.add(response);
        const { done, value } = await iterator.next().finally(() => waiting.delete(response));
        if (done) return;
        yield value;
      }
    } finally {
      await iterator.return?.();
    }
  };
}

const answers = { manifests: sendManifest, blobs: sendBlob } as const;

function pathOf(repository: string, url: string) {
  const [, name, kind, digest] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)$/.exec(url) ?? [];
  if (name !== repository || digest === undefined || !isDigest(digest)) return undefined;
  return { kind: kind as keyof typeof answers, digest };
}

async function sendManifest(
  content: Seen,
  digest: Digest,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  if (content.sizeOf(digest) === undefined) return void response.writeHead(404).end();
  const { mediaType, bytes } = await content.manifest(digest);
  writeHead(response, mediaType, bytes.length, digest);
  response.end(isHead ? undefined : bytes);
}

async function sendBlob(
  content: Seen,
  digest: Digest,
  isHead: boolean,
  response: ServerResponse,
): Promise<void> {
  const size = content.sizeOf(digest);
  if (size === undefined) return void response.writeHead(404).end();
  writeHead(response, 'application/octet-stream', size, digest);
  if (isHead) return void response.end();
  await pipeline(content.read(digest), response);
}

function writeHead(response: ServerResponse, type: string, size: number, digest: Digest): void {
  response.writeHead(200, {
    'content-type': type,
    'content-length': size,
    'docker-content-digest': digest,
  });
}

function isGone(error: unknown): boolean {
  const { code, name } = error as NodeJS.ErrnoException;
  return (
    name === 'AbortError' ||
    code === 'ERR_STREAM_PREMATURE_CLOSE' ||
    code === 'EPIPE' ||
    code === 'ECONNRESET'
  );
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
