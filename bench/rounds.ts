import { execFile } from 'node:child_process';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { openSource, openTarget, type Side } from './arena.ts';
import { checkDone } from './checks.ts';
import { type Corpus, corpusOf } from './corpus.ts';
import { type Measured, measure } from './measure.ts';
import type { Options } from './options.ts';
import type { Profile } from './profiles.ts';
import { bytesUploaded, type Requests, requestKinds } from './requests.ts';
import {
  type ChainName,
  type Contestant,
  chainNames,
  chains,
  type Scene,
  type Work,
} from './works.ts';

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

export interface Result {
  readonly profile: string;
  readonly work: Work;
  readonly contestant: Contestant;
  readonly run: Run;
}

/** All rounds of a profile; who was first in one round is last in the next. */
export async function runRounds(
  profile: Profile,
  { contestants, works, rounds }: Options,
  say: (line: string) => void,
): Promise<Result[]> {
  say(`${profile.name}: making or finding the corpus`);
  const corpus = await corpusOf(profile);
  const source = await openSource(corpus, profile);
  const results: Result[] = [];
  try {
    for (const chain of chainNames)
      for (let round = 0; round < rounds; round++) {
        const order = round % 2 === 0 ? contestants : [...contestants].reverse();
        for (const contestant of order)
          for await (const result of runChain(profile, chain, works, contestant, corpus, source)) {
            say(`${profile.name}  ${result.work}  ${contestant.name}  ${seconds(result.run)}`);
            results.push(result);
          }
      }
  } finally {
    await source.close();
  }
  return results;
}

const seconds = (figures: Run) => `${figures.seconds.toFixed(2)} s`;

/** One contestant does the works of a chain, one after the other, on a registry and a folder of its own. */
async function* runChain(
  profile: Profile,
  chain: ChainName,
  wanted: readonly Work[],
  contestant: Contestant,
  corpus: Corpus,
  source: Side,
): AsyncGenerator<Result> {
  const steps = stepsOf(chain, wanted, contestant);
  if (steps.length === 0) return;
  const folder = await mkdtemp(join(tmpdir(), 'airgap-bench-'));
  const target = await openTarget(profile);
  try {
    for (const work of steps) {
      const scene = sceneOf(work, corpus, folder, source, target);
      const run = await runStep(work, contestant, scene, source, target);
      if (wanted.includes(work) && contestant.works[work])
        yield { profile: profile.name, work, contestant, run };
    }
  } finally {
    await target.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** What is wanted, and before it what it stands on. */
function stepsOf(chain: ChainName, wanted: readonly Work[], contestant: Contestant): Work[] {
  const all: readonly Work[] = chains[chain];
  const last = all.findLastIndex((work) => wanted.includes(work) && contestant.works[work]);
  const foundations: readonly Work[] = ['mirror', 'create', 'load'];
  return all
    .slice(0, last + 1)
    .filter((work) => contestant.works[work] ?? contestant.unmeasured?.[work])
    .filter((work, at) => wanted.includes(work) || (at < last && foundations.includes(work)));
}

function sceneOf(work: Work, corpus: Corpus, folder: string, source: Side, target: Side): Scene {
  const state = work === 'mirror changed' ? 'after' : 'before';
  const jobs = corpus[state].map((image) => ({
    ...image,
    source: `${source.host}/${state}/${image.name}`,
  }));
  return { folder, jobs, state, source: source.host, target: target.host };
}

async function runStep(
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
