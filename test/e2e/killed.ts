import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Job } from '../helpers/job.ts';
import type { FrontRule } from '../helpers/proxy.ts';
import type { Seen } from '../transfer/setting.ts';

/** Runs the program, and kills it and its children at once as soon as `isHalfway`. */
export async function killHalfway(
  job: Job,
  isHalfway: () => boolean | Promise<boolean>,
  ...argv: string[]
): Promise<void> {
  await job.write('pid', '');
  const writesPid = ['setsid', 'sh', '-c', 'echo $$ > pid; exec "$@"', 'sh'];
  let hasEnded = false;
  const ended = job.runWith({ prefix: writesPid }, ...argv).then((outcome) => {
    hasEnded = true;
    return outcome;
  });
  await until(async () => hasEnded || (await isHalfway()));
  if (hasEnded) throw new Error(`it ended before: ${(await ended).stderr}`);
  process.kill(-Number(await readFile(job.path('pid'), 'utf8')), 'SIGKILL');
  await ended;
}

export async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_500; tries++) {
    if (await isTrue()) return;
    await sleep(10);
  }
  throw new Error('it did not come to that');
}

/** Never answers what moves this blob. */
export function stalls(digest: string): FrontRule {
  return ({ method, path }) => {
    const isMove = method === 'GET' || method === 'PUT' || method === 'POST';
    const isBlob = path.includes('/blobs/') && !path.includes('mount=');
    return isMove && isBlob && decodeURIComponent(path).includes(digest)
      ? new Promise(() => {})
      : undefined;
  };
}

/** How often each blob was sent to a registry, by PUT or by the one POST. */
export function sendings(requests: readonly Seen[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { method, path, status } of requests) {
    const [, digest] = /\/blobs\/uploads\/.*[?&]digest=([^&]+)/.exec(path) ?? [];
    if (digest === undefined || status !== 201 || !/^(PUT|POST)$/.test(method)) continue;
    const name = decodeURIComponent(digest);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Digests of the blobs that were asked for by GET. */
export function fetched(requests: readonly Seen[]): string[] {
  return requests.flatMap(({ method, path }) => {
    const [, digest] = /\/blobs\/(sha256:[0-9a-f]{64})$/.exec(path) ?? [];
    return method === 'GET' && digest ? [digest] : [];
  });
}
