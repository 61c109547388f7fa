import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { algorithmOf, type Digest, digestOf, isDigest } from '../oci/digest.ts';

/** More than a pack ever is, bytes: a file that would blow up is none of ours. */
const largest = 512 * 1024 * 1024;
const lineFeed = 10;

/** Contents one after the other, each behind a line with its digest and size, in gzip. */
export async function packContent(contents: ReadonlyMap<Digest, Buffer>): Promise<Buffer> {
  const parts = [...contents].flatMap(([digest, bytes]) => [
    Buffer.from(`${digest} ${bytes.length}\n`),
    bytes,
  ]);
  return promisify(gzip)(Buffer.concat(parts));
}

/** Reads a pack up to the first thing in it that is not what was written. @throws what zlib throws */
export async function unpackContent(pack: Buffer): Promise<Map<Digest, Buffer>> {
  const bytes = await promisify(gunzip)(pack, { maxOutputLength: largest });
  const contents = new Map<Digest, Buffer>();
  for (let at = 0; at < bytes.length; ) {
    const start = bytes.indexOf(lineFeed, at) + 1;
    const [digest = '', size = ''] = bytes.toString('latin1', at, start).trimEnd().split(' ');
    if (start === 0 || !isDigest(digest) || !/^\d+$/.test(size)) break;
    const content = bytes.subarray(start, start + Number(size));
    if (digestOf(content, algorithmOf(digest)) !== digest) break;
    contents.set(digest, content);
    at = start + content.length;
  }
  return contents;
}
