import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Side } from './arena.ts';
import { checkDone } from './checks.ts';
import { type Measured, measure } from './measure.ts';
import { bytesUploaded, type Requests, requestKinds } from './requests.ts';
import type { Contestant, Scene, Work } from './works.ts';

const run = promisify(execFile);

export interface Run extends Measured {
  /** CPU seconds of both registries. */
  readonly registriesCpu: number;
  /** Bytes of blobs that reached the target. */
  readonly sent: number;
  readonly source: Requests;
  readonly target: Requests;
  /** Size of the file that `create` left. */
  readonly bundle?: number;
}

/** Prepares, measures and checks one work of one contestant. */
export async function runStep(
  work: Work,
  contestant: Contestant,
  scene: Scene,
  source: Side,
  target: Side,
): Promise<Run> {
  const prepare = contestant.works[work] ?? contestant.unmeasured?.[work];
  if (prepare === undefined) throw new Error(`${contestant.name} does not ${work}`);
  const command = await prepare(scene);
  if (work === 'verify') await run('cp', [contestant.bundle(scene), '/dev/null']);
  await run('sync');
  const sides = [source, target] as const;
  const before = sides.map((side) => ({ cpu: side.cpu(), lines: side.registry.requests().length }));
  const measured = await measure(command, scene.folder);
  // The registries' last log lines are on their way.
  await sleep(100);
  const lines = sides.map((side, at) => side.registry.requests().slice(before[at]?.lines));
  const registriesCpu = sides.reduce(
    (sum, side, at) => sum + side.cpu() - (before[at]?.cpu ?? 0),
    0,
  );
  const [from = [], to = []] = lines;
  await checkDone(work, contestant, scene, target.registry.host);
  return {
    ...measured,
    registriesCpu,
    sent: bytesUploaded(to, scene.jobs),
    source: requestKinds(from),
    target: requestKinds(to),
    ...(work.startsWith('create') && { bundle: (await stat(contestant.bundle(scene))).size }),
  };
}
