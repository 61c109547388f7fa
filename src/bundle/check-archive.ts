import pMap from 'p-map';
import type { Context } from '../context.ts';
import { totalSize } from '../oci/descriptor.ts';
import { type Archive, type ArchiveEntry, blockSize, bodyStart, endSize } from './archive.ts';
import { damaged } from './damage.ts';
import { digestOfBody, hasHeader, type Reading } from './entry.ts';
import { HashThreads, largeBody } from './hash-threads.ts';
import { byteProgress } from './progress.ts';
import type { Volume } from './volume.ts';
import { checkSize } from './volume-size.ts';
import { Window } from './window.ts';

const readers = 8;
const runSize = 8 * 1024 * 1024;

/**
 * Compares the whole file with what the inventory says: its size, every regenerated header, every body's hash, zero
 * padding, two zero blocks, the end. No field of the file's own headers is interpreted.
 * @throws AirgapError integrity naming the entry and the offset; io
 */
export async function checkArchive(
  volume: Volume,
  archive: Archive,
  context: Context,
): Promise<void> {
  checkSize(volume, archive);
  const threads = new HashThreads(volume);
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, context.signal]);
  const work = {
    mtime: archive.mtime,
    signal,
    threads,
    progress: byteProgress(totalSize(archive.entries), context.emit),
  };
  const checkRun = async (run: readonly ArchiveEntry[]) => {
    const window = new Window(volume, extentOf(run));
    const besideBody = new Window(volume, blockSize);
    for (const entry of run) {
      signal.throwIfAborted();
      await checkEntry(entry.size < largeBody ? window : besideBody, entry, work);
    }
  };
  try {
    // The others end before the threads do.
    await pMap(
      runs(archive.entries),
      (run) => checkRun(run).catch((error) => failed.abort(error)),
      { concurrency: readers },
    );
    signal.throwIfAborted();
  } finally {
    await threads.close();
  }
  await checkZeros(
    new Window(volume, endSize),
    'the end blocks',
    archive.size - endSize,
    archive.size,
  );
}

/** Consecutive entries, together at least 8 MiB: a thousand small blobs are then a few reads. */
function runs(entries: readonly ArchiveEntry[]): ArchiveEntry[][] {
  const all: ArchiveEntry[][] = [];
  let start = Number.NEGATIVE_INFINITY;
  for (const entry of entries) {
    if (entry.start - start >= runSize) {
      all.push([]);
      start = entry.start;
    }
    all.at(-1)?.push(entry);
  }
  return all;
}

function extentOf(run: readonly ArchiveEntry[]): number {
  return (run.at(-1)?.end ?? 0) - (run[0]?.start ?? 0);
}

interface Work extends Reading {
  readonly mtime: Date;
}

async function checkEntry(window: Window, entry: ArchiveEntry, work: Work): Promise<void> {
  await checkHeader(window, entry, work.mtime);
  const digest = await digestOfBody(window, entry, work);
  if (digest !== entry.digest) {
    const offset = bodyStart(entry);
    throw damaged(window.volume.namesOf(offset, entry.size), {
      place: entry.path,
      offset,
      given: digest,
      expected: entry.digest,
    });
  }
  await checkZeros(
    window,
    `the padding of ${entry.path}`,
    bodyStart(entry) + entry.size,
    entry.end,
  );
}

async function checkHeader(window: Window, entry: ArchiveEntry, mtime: Date): Promise<void> {
  if (await hasHeader(window, entry, mtime)) return;
  throw damaged(window.volume.namesOf(entry.start, blockSize), {
    place: `the header of ${entry.path}`,
    offset: entry.start,
    given: 'another header',
    expected: 'the one that the inventory makes',
  });
}

async function checkZeros(
  window: Window,
  place: string,
  start: number,
  end: number,
): Promise<void> {
  for (let position = start; position < end; ) {
    const bytes = await window.read(position, end - position);
    if (bytes.some((byte) => byte !== 0)) {
      throw damaged(window.volume.namesOf(position), {
        place,
        offset: position,
        given: 'other bytes',
        expected: 'zeros',
      });
    }
    position += bytes.length;
  }
}
