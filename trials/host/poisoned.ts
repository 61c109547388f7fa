import { strict as assert } from 'node:assert';
import { open, readdir, readFile, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { fetched } from '../../test/e2e/killed.ts';
import type { Random } from '../random.ts';
import type { Site } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, survived, type Trial, type Verdict } from '../trial.ts';
import { checkMade } from './outcome.ts';
import { countOf, runWithFault } from './strace.ts';

const sites = new Sites();

/** What became of a file that a killed run had left. */
const harms = {
  truncated: async (path: string, random: Random) => truncate(path, await somewhere(path, random)),
  flipped: async (path: string, random: Random) =>
    put(path, random.bytes(1 + random.below(64)), await somewhere(path, random)),
  foreign: async (path: string, random: Random) => {
    const size = 4_096 * (1 + random.below(64));
    await put(path, random.bytes(size), await somewhere(path, random));
  },
  longer: async (path: string, random: Random) =>
    put(path, random.bytes(100_000), (await stat(path)).size),
} as const;
type Harm = keyof typeof harms;

export const t38: Trial = {
  id: 'T38',
  title:
    'what a killed run left was truncated, flipped or overwritten: found by its hash, fetched again',
  star: false,
  cases: (size) => {
    const rounds = { smoke: 1, small: 4, full: 50 }[size];
    const all = Object.keys(harms) as Harm[];
    return all.flatMap((harm) =>
      Array.from({ length: rounds }, (_, round) => poisonedCase(harm, round)),
    );
  },
  close: sites.close,
};

function poisonedCase(harm: Harm, round: number): Case {
  return {
    name: `${harm}, ${round + 1}`,
    seconds: 120,
    run: async (random) => poisoned(await sites.at('distribution'), harm, random),
  };
}

/** The last renames of a run put the bundle, its checksum and install.sh in place. */
async function poisoned(site: Site, harm: Harm, random: Random): Promise<Verdict> {
  const count = await countOf(site, 'create', 'rename');
  await site.reset();
  const fault = { call: 'rename', at: count - 2, fault: 'signal=KILL' } as const;
  const killed = await runWithFault(site, 'create', fault);
  assert.ok(killed.isHit, 'it was not killed');
  const path = await leftBy(site);
  for (let times = 1 + random.below(3); times > 0; times--) await harms[harm](path, random);
  site.source.front.clear();
  const ended = await site.run('create');
  assert.equal(ended.exitCode, 0, ended.stderr);
  await checkMade(site);
  return survived({ 'blobs fetched again': fetched(site.source.front.requests).length });
}

async function leftBy({ job }: Site): Promise<string> {
  const names = await readdir(job.path('out'));
  const folder = names.find((name) => name.includes('.partial-'));
  assert.ok(folder, 'the killed run left nothing');
  return join(job.path('out'), folder, 'sample-1.0.0.tar');
}

const somewhere = async (path: string, random: Random): Promise<number> =>
  random.below((await readFile(path)).length);

async function put(path: string, bytes: Buffer, position: number): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}
