import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeHeader } from '../../src/bundle/archive.ts';
import { inventoryLimit } from '../../src/bundle/inventory-json.ts';
import { type Job, startJob } from '../../test/helpers/job.ts';
import { type Case, refused, type Trial } from '../trial.ts';
import { setChecksum } from './checksum.ts';

const preload = join(import.meta.dirname, '../../test/helpers/peak-memory.mjs');
const MiB = 2 ** 20;
const mostMemory = 256 * MiB;
const mostSeconds = 5;

let opened: Promise<Job> | undefined;
const theJob = () => (opened ??= startJob());

/** A bomb costs whoever made it more than whoever looks at it. */
export const hostile: Trial = {
  id: 'T5',
  title: 'hostile archives and inventories are refused within 256 MiB and 5 s',
  star: true,
  cases: (size) => {
    const all = [
      ...casesOf(headers, /damaged at the header of notes\.txt/),
      ...casesOf({ ...archives, ...inventories }, /^error: /m),
    ];
    return size === 'smoke' ? all.filter((_, at) => at % 6 === 0) : all;
  },
  close: async () => {
    await (await opened)?.remove();
    opened = undefined;
  },
};

/** Bytes, and how long the file is beyond them, as a hole. */
type Made = Buffer | { readonly bytes: Buffer; readonly size: number };

const casesOf = (all: Readonly<Record<string, () => Made>>, says: RegExp): Case[] =>
  Object.entries(all).map(([name, make]) => caseOf(name, make, says));

/** `verify --allow-unsigned` gets as far as anyone does without the key; `inspect`, `--since` read no further. */
function caseOf(name: string, make: () => Made, says: RegExp): Case {
  return {
    name,
    run: async () => {
      const job = await theJob();
      const file = job.path('hostile.tar');
      const made = make();
      await writeFile(file, Buffer.isBuffer(made) ? made : made.bytes);
      if (!Buffer.isBuffer(made)) await truncate(file, made.size);
      const result = job.path('tmp', 'memory');
      const env = { NODE_OPTIONS: `--import ${preload}`, PEAK_MEMORY_FILE: result };
      const began = performance.now();
      const ended = await job.runWith({ env }, 'verify', 'hostile.tar', '--allow-unsigned');
      const seconds = (performance.now() - began) / 1000;
      const memory = Number(await readFile(result, 'utf8'));
      await Promise.all([rm(result), rm(file)]);
      assert.equal(ended.exitCode, 5, ended.stderr);
      assert.match(ended.stderr, says);
      assert.ok(memory <= mostMemory, `${memory / MiB} MiB`);
      assert.ok(seconds <= mostSeconds, `${seconds} s`);
      assert.deepEqual(await readdir(job.path('tmp')), []);
      return refused({ MiB: Math.round(memory / MiB), s: seconds });
    },
  };
}

const time = new Date('2026-11-22T16:00:00Z');
const header = (path: string, size: number) => encodeHeader({ path, size, mode: 0o644 }, time);

function entry(path: string, body: Buffer): Buffer {
  return Buffer.concat([
    header(path, body.length),
    body,
    Buffer.alloc((512 - (body.length % 512)) % 512),
  ]);
}

/** An archive whose first entry is this text. */
function first(text: Buffer | string): Buffer {
  return Buffer.concat([entry('bundle.json', Buffer.from(text)), Buffer.alloc(1024)]);
}

/** Of another kind (POSIX ustar; GNU and pax extensions). */
function special(path: string, type: string, link = ''): Buffer {
  const block = header(path, 0);
  block.write(type, 156);
  block.write(link, 157);
  setChecksum(block);
  return block;
}

const top = [
  '{\n"schemaVersion": 1,\n"name": "sample",\n"version": "1.0.0",\n"sequence": 7,',
  '"createdAt": "2026-11-22T16:00:00Z",\n"tool": {"name":"a","version":"1"},',
  '"target": {"endpoint":"h.example.org","baseContentPath":"x","plainHttp":false,"insecureSkipVerify":false,"mirrorMap":"","environment":"airgap"},',
  '"platforms": [],\n"images": [],\n',
].join('\n');
const small = `${top}"files": [],\n"blobs": []\n}\n`;

const archives: Readonly<Record<string, () => Made>> = {
  nothing: () => Buffer.alloc(0),
  'a gzip bomb': () => gzipSync(Buffer.alloc(512 * MiB), { level: 9 }),
  'eight GiB without data': () => header('bundle.json', 2 ** 33),
  'a hole of 64 GiB': () => ({ bytes: first(small), size: 2 ** 36 }),
  'a hole of 64 GiB as inventory': () => ({ bytes: header('bundle.json', 2 ** 36), size: 2 ** 36 }),
  'a negative size': () => withSize(Buffer.alloc(12, 0xff)),
  'a size in base 256': () => withSize(Buffer.from('800000000000000000000200', 'hex')),
};

/** The one file that `listing` lists, of as many bytes as `instead` puts in the place of it and its header. */
const listed = 'notes.txt';

/** Its size and all that lies behind its header is as the inventory says: the header alone tells. */
const instead =
  (block: Buffer, body = Buffer.alloc(512, 'x')) =>
  () => {
    const sum = createHash('sha256').update(body).digest('hex');
    const file = `{"path":"${listed}","size":${body.length},"sha256":"${sum}","mode":420}`;
    const text = Buffer.from(`${top}"files": [\n${file}\n],\n"blobs": []\n}\n`);
    return Buffer.concat([entry('bundle.json', text), block, body, Buffer.alloc(1024)]);
  };
const paxRecord = (text: string) => Buffer.from(text.padEnd(512, '\0'));

/** What another reader of tar would go by. */
const headers: Readonly<Record<string, () => Made>> = {
  'fifty thousand empty entries': () =>
    instead(
      header('f', 0),
      Buffer.concat(Array.from({ length: 50_000 }, (_, at) => header(`f${at}`, 0))),
    )(),
  'a path that climbs': instead(header('../../etc/cron.d/x', 512)),
  'an absolute path': instead(header('/etc/cron.d/x', 512)),
  'a symbolic link': instead(special(listed, '2', '/etc')),
  'a hard link': instead(special(listed, '1', '/etc/passwd')),
  'a device': instead(special(listed, '3')),
  'a named pipe': instead(special(listed, '6')),
  'a GNU long name': instead(special('././@LongLink', 'L')),
  'a GNU long link': instead(special('././@LongLink', 'K')),
  'a sparse file': instead(special(listed, 'S')),
  'a pax size': instead(special('pax', 'x'), paxRecord('20 size=99999999999\n')),
  'a pax path with NUL': instead(special('pax', 'x'), paxRecord('19 path=bundle\0x.js\n')),
  'a global pax header': instead(special('pax', 'g'), paxRecord('22 path=/etc/passwd000\n')),
};

function withSize(field: Buffer): Buffer {
  const block = header('bundle.json', 0);
  field.copy(block, 124);
  setChecksum(block);
  return Buffer.concat([block, Buffer.alloc(4096)]);
}

/** As large as one may be. */
const filled = (start: string, unit: string, end: string) => () =>
  first(start + unit.repeat((inventoryLimit - start.length - end.length) / unit.length) + end);
const digest = (at: number) => `sha256:${at.toString(16).padStart(64, '0')}`;
const list = (start: string, make: (at: number) => string, join: string, end: string) => () => {
  const parts: string[] = [];
  let left = inventoryLimit - start.length - end.length;
  for (let at = 0; left > 300; at++) {
    const part = make(at);
    parts.push(part);
    left -= part.length + join.length;
  }
  return first(start + parts.join(join) + end);
};
const aBlob = (at: number) => `{"digest":"${digest(at)}","size":${at}}`;
const aBase = `${top}"files": [],\n"blobs": [],\n"base": {"name":"sample","version":"1","sequence":1,"inventoryDigest":"${digest(1)}","blobs":[`;

const inventories: Readonly<Record<string, () => Made>> = {
  brackets: filled('{\n"schemaVersion": ', '[', '\n}\n'),
  'brackets in a field': filled('{\n"target": ', '[', '\n}\n'),
  'empty lists': filled('{\n"target": [', '[],', '0]\n}\n'),
  'numbers in a list': filled(`${top}"files": [],\n"blobs": [`, '0,', '0]\n}\n'),
  'a number a line': filled(`${top}"files": [],\n"blobs": [\n`, '0,\n', '0\n]\n}\n'),
  'line breaks': filled('', '\n', ''),
  'short strings': filled('{\n"target": ["', '","', '"]\n}\n'),
  'one long string': filled('{\n"name": "', 'x', '"\n}\n'),
  'fields without end': filled('{\n', '"name": 0,\n', '}\n'),
  escapes: filled('{\n"name": "', '\\u0041', '"\n}\n'),
  'all the blobs that fit': list(`${top}"files": [],\n"blobs": [\n`, aBlob, ',\n', '\n]\n}\n'),
  'all the files that fit': list(
    `${top}"files": [\n`,
    (at) => `{"path":"f${at}","size":1,"sha256":"${digest(at).slice(7)}","mode":420}`,
    ',\n',
    '\n],\n"blobs": []\n}\n',
  ),
  'a base of all the blobs that fit, twice': list(aBase, (at) => aBlob(at >> 1), ',', ']}\n}\n'),
  'a base of nothing': list(aBase, () => '{}', ',', ']}\n}\n'),
  'sizes that add up beyond 2^53': () =>
    first(
      `${top}"files": [],\n"blobs": [\n${[1, 2].map((at) => `{"digest":"${digest(at)}","size":${2 ** 53 - 1}}`).join(',\n')}\n]\n}\n`,
    ),
};
