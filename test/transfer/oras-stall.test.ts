import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { digestOf } from '../../src/oci/digest.ts';
import { type RunningOras, watchProcess } from '../../src/transfer/oras-bytes.ts';
import { watchStall } from '../../src/transfer/oras-stall.ts';

const minute = 60_000;
const mebibyte = 1024 * 1024;
const blob = (size: number) => ({
  mediaType: 'application/octet-stream',
  digest: digestOf(Buffer.from(String(size))),
  size,
});
const nameOf = (size: number) => blob(size).digest.slice(7, 19);

let stops: (() => void)[];
beforeEach(() => {
  stops = [];
  vi.useFakeTimers();
});
afterEach(() => {
  for (const stop of stops) stop();
  vi.useRealTimers();
});

/** Watches a process that sends blobs of these sizes; tells how often it was said to have stalled. */
function watch(oras: RunningOras, sizes: number[], isExcused = () => false): () => number {
  let stalls = 0;
  const patience = { stallMs: minute, isExcused };
  const watch = watchStall(sizes.map(blob), patience, () => stalls++);
  stops.push(watchProcess(oras, 1_000, [watch]).stop);
  return () => stalls;
}

const passing = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds);

describe.runIf(process.platform === 'linux')('a process that can be looked at', () => {
  let idle: ChildProcessWithoutNullStreams;
  beforeEach(async () => {
    idle = spawn('cat');
    // It has answered: what a process reads while it starts is behind it.
    idle.stdin.write('.');
    await once(idle.stdout, 'data');
  });
  afterEach(() => void idle.kill());
  const looked = (): RunningOras => ({ pid: idle.pid, stdout: new PassThrough() });

  test('has stalled when a minute goes by without a byte', async () => {
    const stalls = watch(looked(), [mebibyte]);
    await passing(minute - 2_000);
    expect(stalls()).toBe(0);
    await passing(4_000);
    expect(stalls()).toBeGreaterThan(0);
  });

  test('has not while it waits for us, or a host wants to be left alone', async () => {
    let isExcused = true;
    const stalls = watch(looked(), [mebibyte], () => isExcused);
    await passing(10 * minute);
    expect(stalls()).toBe(0);
    isExcused = false;
    await passing(minute + 2_000);
    expect(stalls()).toBeGreaterThan(0);
  });
});

describe('a process of which only finished blobs are seen', () => {
  const unseen = () => ({ pid: -1, stdout: new PassThrough() });

  test('is given time to send the largest of the others', async () => {
    const stalls = watch(unseen(), [60 * mebibyte]);
    await passing(10 * minute);
    expect(stalls()).toBe(0);
    await passing(2 * minute);
    expect(stalls()).toBeGreaterThan(0);
  });

  test('and anew after each', async () => {
    const oras = unseen();
    const stalls = watch(oras, [10, 20, 30]);
    for (const size of [10, 20]) {
      await passing(minute - 5_000);
      oras.stdout.write(`Copied  ${nameOf(size)} application/octet-stream\n`);
    }
    await passing(minute - 5_000);
    expect(stalls()).toBe(0);
    await passing(minute);
    expect(stalls()).toBeGreaterThan(0);
  });
});
