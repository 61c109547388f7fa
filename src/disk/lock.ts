import { readdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { onDisk } from './failures.ts';
import { makeFolder } from './folder.ts';
import { type Beat, type Holder, hasPulse, isStale, readHolder, signIn } from './holder.ts';
import { lookAt } from './process.ts';

/** What one run holds and no second one gets, until it is released or its process is gone. */
export interface Lock {
  /** @throws AirgapError locked when another run has it by now, or had it, since this one seemed dead */
  check(): Promise<void>;
  /** Whether it is still this run's; false, too, where that cannot be seen. */
  isHeld(): Promise<boolean>;
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
    const signed = await signIn(path, context.now(), beat);
    if (signed) {
      await sweepBeside(path);
      return heldLock(locked, signed.id, signed.stop);
    }
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
  return holding(await takeLock(locked, context), work);
}

/** Releases the lock when `work` has ended, however that was. */
export async function holding<T>(lock: Lock, work: (lock: Lock) => Promise<T>): Promise<T> {
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

function heldLock(locked: Locked, id: string, stop: () => Promise<void>): Lock {
  const { path } = locked;
  const isHeld = async () => (await readHolder(path).catch(() => undefined))?.id === id;
  return {
    isHeld,
    async check() {
      const holder = await readHolder(path);
      if (holder?.id !== id) throw holder ? lockedBy(holder, locked) : lost(locked);
    },
    async release() {
      await stop();
      if (await isHeld()) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** Who was killed while it took over leaves files beside the lock; once somebody holds it, they say nothing. */
async function sweepBeside(path: string): Promise<void> {
  const [folder, prefix] = [dirname(path), `${basename(path)}.`];
  const names = await readdir(folder).catch(() => []);
  const left = names.filter((name) => name.startsWith(prefix) && isId(name.slice(prefix.length)));
  for (const name of left) await rm(join(folder, name), { force: true }).catch(() => undefined);
}

/** Of a holder, or of one that was taking over another's. */
const isId = (text: string): boolean => /^[0-9a-f.-]+$/.test(text);

async function refuseLiving(
  holder: Holder,
  locked: Locked,
  { emit, signal }: LockContext,
  beat: Beat,
): Promise<void> {
  const { path, what } = locked;
  const state = await lookAt(holder.process);
  if (state === 'runs') throw lockedBy(holder, locked);
  if (state === 'gone' || (await isStale(holder, path, beat))) return;
  const { pid = '?', host } = holder;
  const message = `${what} was held by process ${pid} on ${host}: looking for up to ${beat.deadAfter / 1000} s whether it lives`;
  emit({ kind: 'note', message });
  if (await hasPulse(holder, path, beat, signal)) throw lockedFromAfar(holder, locked);
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
    // Who seemed dead may let go by itself meanwhile.
    if ((await readHolder(path))?.id === id) await onDisk(path, rm(path, { force: true }));
  } finally {
    await right.release();
  }
}

function lockedBy(holder: Holder, { what }: Locked): AirgapError {
  const { pid } = holder;
  const here = pid === undefined ? 'stop it' : `stop it: kill ${pid}`;
  return new AirgapError('locked', `another run holds ${what}`, {
    given: whoIs(holder),
    next: `wait until it has ended, or ${here}`,
  });
}

function lockedFromAfar(holder: Holder, { path, what }: Locked): AirgapError {
  return new AirgapError('locked', `another run holds ${what}`, {
    given: `${whoIs(holder)}; it cannot be seen from here, but it gives signs of life`,
    next: `wait until it has ended, or stop it there; when you know that it does not run, delete ${path}`,
  });
}

function lost({ path, what }: Locked): AirgapError {
  return new AirgapError('locked', `another run has had ${what} meanwhile`, {
    given: `${path} is gone: this run gave no sign of life for too long`,
    next: 'run again',
  });
}

function whoIs({ pid, host, since }: Holder): string {
  return `${pid === undefined ? 'a process' : `process ${pid}`} on ${host}, since ${since}`;
}
