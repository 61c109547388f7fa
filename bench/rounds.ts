import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openSource, openTarget, type Side } from './arena.ts';
import { type Corpus, corpusOf } from './corpus.ts';
import type { Options } from './options.ts';
import type { Profile } from './profiles.ts';
import { type Run, runStep } from './step.ts';
import {
  type ChainName,
  type Contestant,
  chainNames,
  chains,
  type Scene,
  type Work,
} from './works.ts';

const run = promisify(execFile);

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
  // Else the first contestant alone would wait for the disk.
  await run('sh', ['-c', 'find "$0" -type f -exec cat {} + > /dev/null', corpus.folder]);
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
  const root = await mkdtemp(join(tmpdir(), 'airgap-bench-'));
  const [folder, storage] = [join(root, 'work'), join(root, 'target')];
  for (const path of [folder, storage]) await mkdir(path);
  const target = await openTarget(profile, storage);
  const removeWithUs = () => rmSync(root, { recursive: true, force: true });
  process.once('exit', removeWithUs);
  try {
    for (const work of steps) {
      const scene = sceneOf(work, corpus, folder, source, target);
      const run = await runStep(work, contestant, scene, source, target);
      if (wanted.includes(work) && contestant.works[work])
        yield { profile: profile.name, work, contestant, run };
    }
  } finally {
    await target.close();
    process.off('exit', removeWithUs);
    await rm(root, { recursive: true, force: true });
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
