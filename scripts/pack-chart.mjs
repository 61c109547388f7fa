import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { load } from 'js-yaml';
import { Header } from 'tar/header';

const mtime = new Date('2000-01-01T00:00:00Z');

/**
 * Packs a chart as `helm package` would, to the same bytes on every machine: with nothing of the file system but
 * names and content, and not compressed, since what deflate gives hangs on the version of zlib and on the processor.
 *
 * @param {string} charts folder that has the chart's
 * @param {string} name of the chart and of its folder
 */
export function packChart(charts, name) {
  const files = readdirSync(join(charts, name), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(charts.length + 1))
    .sort();
  const read = (/** @type {string} */ path) => readFileSync(join(charts, path));
  const { version } = /** @type {{ version: string }} */ (
    load(read(join(name, 'Chart.yaml')).toString())
  );
  const entries = files.map((path) => tarEntry(path, read(path)));
  const bytes = gzipStored(Buffer.concat([...entries, Buffer.alloc(1024)]));
  return { file: `${name}-${version}.tgz`, bytes };
}

function tarEntry(/** @type {string} */ path, /** @type {Buffer} */ content) {
  const header = Buffer.alloc(512);
  const size = content.length;
  const needsMore = new Header({ path, size, mtime, mode: 0o644, uid: 0, gid: 0, type: 'File' });
  if (needsMore.encode(header)) throw new Error(`${path} is too long a path for a chart`);
  return Buffer.concat([header, content, Buffer.alloc(-size & 511)]);
}

/** RFC 1952 around stored blocks of RFC 1951. No time, no name, operating system unknown. */
function gzipStored(/** @type {Buffer} */ data) {
  const blocks = [];
  for (let at = 0; at < data.length; at += 0xffff) {
    const block = data.subarray(at, at + 0xffff);
    const head = Buffer.alloc(5);
    head.writeUInt8(at + 0xffff >= data.length ? 1 : 0, 0);
    head.writeUInt16LE(block.length, 1);
    head.writeUInt16LE(~block.length & 0xffff, 3);
    blocks.push(head, block);
  }
  const header = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(data), 0);
  trailer.writeUInt32LE(data.length, 4);
  return Buffer.concat([header, ...blocks, trailer]);
}
