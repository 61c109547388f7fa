import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { onDisk } from './failures.ts';
import { thisProcess } from './process.ts';

/** Who holds a lock, as its file says. */
export interface Holder {
  readonly id: string;
  readonly process: string;
  readonly pid?: string | undefined;
  readonly host: string;
  readonly since: string;
  /** Of the file, milliseconds. */
  readonly mtime: number;
}

const holderSchema = z.object({
  id: z.uuid(),
  process: z.string(),
  pid: z.string().optional(),
  host: z.string(),
  since: z.string(),
});

/** Milliseconds. */
export interface Beat {
  /** Between two signs of life. */
  readonly every: number;
  /** Without one for so long, a holder that cannot be looked at is held for dead. */
  readonly deadAfter: number;
}

/** This run as the holder. */
export interface Signed {
  readonly id: string;
  /** Ends the signs of life; the file stays. */
  stop(): Promise<void>;
}

/**
 * Makes the file with this run in it, and writes to it every few seconds.
 * @returns undefined when the file is there already
 * @throws AirgapError io
 */
export async function signIn(path: string, now: Date, beat: Beat): Promise<Signed | undefined> {
  const { name, pid } = await thisProcess();
  const id = randomUUID();
  const since = now.toISOString();
  const text = JSON.stringify({ id, process: name, pid, host: hostname(), since });
  const file = await openNew(path);
  if (file === undefined) return undefined;
  try {
    await onDisk(path, file.write(text, 0));
  } catch (error) {
    await file.close();
    await rm(path, { force: true });
    throw error;
  }
  return { id, stop: keepAlive(file, text, beat) };
}

async function openNew(path: string): Promise<FileHandle | undefined> {
  const opening = open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    return undefined;
  });
  return onDisk(path, opening);
}

/** Writing sets the time of the file by the clock of whoever keeps it: clocks of machines that share it may differ. */
function keepAlive(file: FileHandle, text: string, { every }: Beat): () => Promise<void> {
  let last: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(() => file.write(text, 0)).catch(() => undefined);
  }, every);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await last;
    await file.close().catch(() => undefined);
  };
}

/**
 * Undefined when there is none any more. What cannot be read is of a run that died before it had written it.
 * @throws AirgapError io
 */
export async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const text = await readWritten(path);
    const { mtimeMs: mtime } = await stat(path);
    const said = holderSchema.safeParse(parsed(text));
    if (said.success) return { ...said.data, mtime };
    const since = new Date(mtime).toISOString();
    return { id: `${mtime}`, process: '', host: 'an unknown host', since, mtime };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return onDisk(path, Promise.reject(error));
  }
}

/** Gives a run that has just made the file the time to write to it. */
async function readWritten(path: string): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const text = await readFile(path, 'utf8');
    if (text !== '') return text;
    await sleep(10);
  }
  return '';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether the file is too old for a holder that lives. */
export async function isStale({ mtime }: Holder, path: string, { deadAfter }: Beat) {
  return (await timeIn(path)) - mtime > deadAfter;
}

/** Looks at the file until it is written to, or for as long as a run that lives would not take. */
export async function hasPulse(
  { mtime }: Holder,
  path: string,
  { deadAfter }: Beat,
  signal: AbortSignal,
): Promise<boolean> {
  for (let waited = 0; waited < deadAfter; waited += deadAfter / 30) {
    await sleep(deadAfter / 30, undefined, { signal });
    const found = await readHolder(path);
    if (found?.mtime !== mtime) return found !== undefined;
  }
  return false;
}

/** What time it is by the clock that dates the files of a folder, milliseconds. */
async function timeIn(path: string): Promise<number> {
  const probe = `${path}.${randomUUID()}`;
  try {
    const file = await onDisk(probe, open(probe, 'wx'));
    return await file
      .stat()
      .then(({ mtimeMs }) => mtimeMs)
      .finally(() => file.close());
  } finally {
    await rm(probe, { force: true });
  }
}
