import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Digest, digestOf } from '../../src/oci/digest.ts';
import { AirgapError } from '../../src/report/error.ts';
import { type Content, type Served, serveOnLoopback } from '../../src/transfer/loopback.ts';

const manifest = Buffer.from('{"a":"manifest"}');
const blob = Buffer.alloc(3_000_000, 'blob');
const broken = digestOf(Buffer.from('what cannot be read'));
const stuck = digestOf(Buffer.from('what never comes'));
const sizes = new Map<Digest, number>([
  [digestOf(manifest), manifest.length],
  [digestOf(blob), blob.length],
  [broken, blob.length],
  [stuck, blob.length],
]);

const content: Content = {
  sizeOf: (digest) => sizes.get(digest),
  manifest: async () => ({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    bytes: manifest,
  }),
  async *read(digest, wanted) {
    if (digest === stuck) await sleep(60_000, undefined, { signal: wanted });
    yield blob.subarray(0, 1_000_000);
    if (digest === broken)
      throw new AirgapError('io', 'the stick is gone', { given: 'x.tar.002: EIO' });
    yield blob.subarray(1_000_000);
  },
};

let served: Served;
let at: string;
const stopping = new AbortController();
beforeEach(async () => {
  served = await serveOnLoopback(content, stopping);
  at = `http://${served.source.server.host}/v2/${served.source.repository}`;
});
afterEach(() => served.close());

describe('content on the loopback address', () => {
  test('is there for whoever has the name of its repository, and for nobody else', async () => {
    expect(served.source.server.host).toMatch(/^127\.0\.0\.1:\d+$/);
    expect((await fetch(`${at}/blobs/${digestOf(blob)}`, { method: 'HEAD' })).status).toBe(200);
    const other = at.replace(/[0-9a-f]{32}$/, '0'.repeat(32));
    for (const url of [
      `${other}/blobs/${digestOf(blob)}`,
      `${at}/tags/list`,
      `${at}/blobs/../x`,
      `http://${served.source.server.host}/v2/`,
    ])
      expect((await fetch(url)).status).toBe(404);
  });

  test('gives manifests their type, and blobs their size, before and with their bytes', async () => {
    for (const method of ['HEAD', 'GET']) {
      const answer = await fetch(`${at}/manifests/${digestOf(manifest)}`, { method });
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': 'application/vnd.oci.image.manifest.v1+json',
        'content-length': String(manifest.length),
        'docker-content-digest': digestOf(manifest),
      });
    }
    const answer = await fetch(`${at}/blobs/${digestOf(blob)}`);
    expect(answer.headers.get('content-length')).toBe(String(blob.length));
    expect(Buffer.from(await answer.arrayBuffer()).equals(blob)).toBe(true);
    expect((await fetch(`${at}/blobs/${digestOf(Buffer.from('none'))}`)).status).toBe(404);
  });

  test('that cannot be read ends the work with the reason, and the answer before its end', async () => {
    const answer = await fetch(`${at}/blobs/${broken}`);
    await expect(answer.arrayBuffer()).rejects.toThrow();
    expect(served.failed.reason).toMatchObject({ class: 'io', given: 'x.tar.002: EIO' });
  });

  test('is behind while a reader waits for bytes, and not for one that is gone', async () => {
    const gone = new AbortController();
    const reading = fetch(`${at}/blobs/${stuck}`, { signal: gone.signal }).then((answer) =>
      answer.arrayBuffer(),
    );
    await expect.poll(() => served.source.isBehind(), { interval: 5 }).toBe(true);
    gone.abort();
    await expect(reading).rejects.toThrow();
    await expect.poll(() => served.source.isBehind(), { interval: 5 }).toBe(false);
    expect(served.failed.aborted).toBe(false);
  });

  test('goes on when one reader goes away', async () => {
    const answer = await fetch(`${at}/blobs/${digestOf(blob)}`);
    await answer.body?.cancel();
    const next = await fetch(`${at}/blobs/${digestOf(blob)}`);
    expect((await next.arrayBuffer()).byteLength).toBe(blob.length);
    expect(served.failed.aborted).toBe(false);
  });
});
