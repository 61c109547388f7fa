import { randomUUID } from 'node:crypto';
import { type FileHandle, open, readFile, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { onDisk } from './failures.ts';
import { makeFolder } from './folder.ts';
import { lookAt, thisProcess } from './process.ts';

/** What one run holds and no second one gets, until it is released or its process is gone. */
export interface Lock {
  /** @throws AirgapError locked when another run has it by now, since this one seemed dead */
  check(): Promise<void>;
  release(): Promise<void>;
}

/** What is locked. */
export interface Locked {
  /** Absolute path of the lock file; its folder is made. */
  readonly path: string;
  /** `the bundle /out/a-1.tar`. */
  readonly what: string;
}

type LockContext = Pick<Context, 'now' | 'emit' | 'signal'>;

/** Milliseconds. */
export interface Beat {
  /** Between two signs of life. */
  readonly every: number;
  /** Without one for so long, a holder that cannot be looked at is held for dead. */
  readonly deadAfter: number;
}

const usualBeat: Beat = { every: 5_000, deadAfter: 30_000 };

/**
 * Takes a lock, or takes over one that a dead run has left. Whether its process runs is seen where it is of this
 * machine and container. Of any other one (a folder that machines share, or a new container with the folder of a
 * killed one) the file's own age tells, as the holder writes to it every few seconds; where that is too young to
 * tell, it is watched for as long as it takes.
 * @throws AirgapError locked when another run holds it; io
 */
export async function takeLock(
  locked: Locked,
  context: LockContext,
  beat: Beat = usualBeat,
): Promise<Lock> {
  const { path } = locked;
  await makeFolder(dirname(path));
  for (;;) {
    context.signal.throwIfAborted();
    const lock = await create(locked, context, beat);
    if (lock) return lock;
    const holder = await readHolder(path);
    if (holder === undefined) continue;
    await refuseLiving(holder, locked, context, beat);
    await clear(holder, locked, context, beat);
  }
}

/** Holds a lock while `work` runs. */
export async function whileLocked<T>(
  locked: Locked,
  context: LockContext,
  work: (lock: Lock) => Promise<T>,
): Promise<T> {
  const lock = await takeLock(locked, context);
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
}

/** Whether a run may hold the lock at this moment; of one that cannot be looked at it is not known. */
export async function isInUse(path: string): Promise<boolean> {
  const holder = await readHolder(path);
  return holder !== undefined && (await lookAt(holder.process)) !== 'gone';
}

/** Who holds a lock, as its file says. */
interface Holder {
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

/** Undefined when the file is there already. */
async function create(
  { path, what }: Locked,
  { now }: LockContext,
  beat: Beat,
): Promise<Lock | undefined> {
  const { name, pid } = await thisProcess();
  const id = randomUUID();
  const since = now().toISOString();
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
  return heldLock({ path, what }, id, keepAlive(file, text, beat));
}

async function openNew(path: string): Promise<FileHandle | undefined> {
  const opening = open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
    return undefined;
  });
  return onDisk(path, opening);
}

function heldLock({ path, what }: Locked, id: string, stop: () => Promise<void>): Lock {
  const other = async () => {
    const holder = await readHolder(path);
    return holder?.id === id ? undefined : holder;
  };
  return {
    async check() {
      const holder = await other();
      if (holder) throw lockedBy(holder, { path, what });
    },
    async release() {
      await stop();
      if ((await other()) === undefined) await rm(path, { force: true }).catch(() => undefined);
    },
  };
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

/** Undefined when there is none any more. What cannot be read is of a run that died before it had written it. */
async function readHolder(path: string): Promise<Holder | undefined> {
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

async function refuseLiving(
  holder: Holder,
  locked: Locked,
  context: LockContext,
  beat: Beat,
): Promise<void> {
  const state = await lookAt(holder.process);
  if (state === 'runs') throw lockedBy(holder, locked);
  if (state === 'unknown' && (await hasPulse(holder, locked, context, beat)))
    throw lockedFromAfar(holder, locked);
}

/** Looks at the file until it is written to, or for as long as a run that lives would not take. */
async function hasPulse(
  { mtime, pid = '?', host }: Holder,
  { path, what }: Locked,
  { emit, signal }: LockContext,
  { deadAfter }: Beat,
): Promise<boolean> {
  if ((await timeIn(path)) - mtime > deadAfter) return false;
  const message = `${what} was held by process ${pid} on ${host}: looking for up to ${deadAfter / 1000} s whether it lives`;
  emit({ kind: 'note', message });
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

/**
 * Takes away what a dead run left. Of several that want to, one alone may: who has a lock on that very holder. The
 * others find it changed, or are refused as the later ones.
 */
async function clear(
  { id }: Holder,
  { path, what }: Locked,
  context: LockContext,
  beat: Beat,
): Promise<void> {
  const right = await takeLock({ path: `${path}.${id}`, what }, context, beat);
  try {
    if ((await readHolder(path))?.id === id) await onDisk(path, rm(path));
  } finally {
    await right.release();
  }
}

function lockedBy({ pid, host, since }: Holder, { what }: Locked): AirgapError {
  const here = pid === undefined ? 'stop it' : `stop it: kill ${pid}`;
  return new AirgapError('locked', `another run holds ${what}`, {
    given: `${pid === undefined ? 'a process' : `process ${pid}`} on ${host}, since ${since}`,
    next: `wait until it has ended, or ${here}`,
  });
}

function lockedFromAfar({ pid, host, since }: Holder, { path, what }: Locked): AirgapError {
  return new AirgapError('locked', `another run holds ${what}`, {
    given: `${pid === undefined ? 'a process' : `process ${pid}`} on ${host}, since ${since}; it cannot be seen from here, but it gives signs of life`,
    next: `wait until it has ended, or stop it there; when you know that it does not run, delete ${path}`,
  });
}
