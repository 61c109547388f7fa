import { strict as assert } from 'node:assert';
import { checkDone } from '../checks.ts';
import { isManifestPut, isOras, type Which } from '../faults.ts';
import type { TrialResult } from '../run-trial.ts';
import { type Site, type Verb, verbs } from '../site.ts';
import { Sites } from '../sites.ts';
import {
  type Case,
  notApplicable,
  type Size,
  survived,
  type Trial,
  type Verdict,
} from '../trial.ts';
import { type SingleFault, singleFaults } from './single-faults.ts';

const sites = new Sites();

/** Whose request meets the fault: our own client's, or that of the oras that we run. */
const victims: Readonly<Record<string, Which>> = {
  ours: (request) => !isOras(request),
  oras: isOras,
};

/** Each fault of the table, alone, in each verb, at our client and at oras. */
export const faultTable: Trial = {
  id: 'faults',
  title: 'each single transient fault is survived, in mirror, create and load',
  star: true,
  cases: (size) =>
    singleFaults.flatMap((single, at) =>
      (size === 'smoke' ? fewOf(single, at) : verbs).flatMap((verb) => cell(single, verb, size)),
    ),
  close: sites.close,
};

/** The name of a case begins with its cell. */
export const cellName = ({ name }: SingleFault, verb: Verb): string => `${verb}: ${name}`;

/** In the smoke selection every other fault: in `mirror`, and of those every third in one more verb that can meet it. */
function fewOf({ meets }: SingleFault, at: number): readonly Verb[] {
  if (at % 2 === 1) return [];
  return at % 3 === 0 ? ['mirror', meets === 'reading' ? 'create' : 'load'] : ['mirror'];
}

function cell(single: SingleFault, verb: Verb, size: Size): Case[] {
  const names = victimsOf(single, verb, size);
  return names.map((name) => ({
    name: `${cellName(single, verb)} (${name})`,
    run: async () => meet(single, await sites.at('distribution'), verb, name, size),
  }));
}

/** In the smoke selection oras alone, where the fault is one that it does not survive by itself. */
function victimsOf({ isInRerun, others }: SingleFault, verb: Verb, size: Size): readonly string[] {
  if (isInRerun || verb === 'create') return ['ours'];
  if (size !== 'smoke') return Object.keys(victims);
  return others[0] === 'ok' ? ['ours'] : ['oras'];
}

async function meet(
  single: SingleFault,
  site: Site,
  verb: Verb,
  victim: string,
  size: Size,
): Promise<Verdict> {
  if (single.isInRerun) await checkDone(site, verb, await site.run(verb));
  site.target.front.clear();
  const whose = victims[victim] as Which;
  const { hits } = single.place({ site, verb, whose, size });
  const began = performance.now();
  await checkDone(site, verb, await site.run(verb));
  const seconds = (performance.now() - began) / 1000;
  if (!single.isInRerun) return hits() === 0 ? notApplicable : survived({ seconds });
  const puts = site.target.front.requests.filter(isManifestPut).length;
  assert.equal(puts, 0, 'manifests were put again');
  return verb === 'create' ? notApplicable : survived({ 'manifest PUTs of a rerun': puts });
}

const heads = ['fault', ...verbs, 'oras', 'crane', 'regctl', 'skopeo'];

/** The table of single faults in Markdown, beside what others made of them. */
export function faultRows(result: TrialResult): string[] {
  const rows = singleFaults.map((single) => [
    single.name,
    ...verbs.map((verb) => cellOf(cellName(single, verb), result)),
    ...single.others,
  ]);
  const rule = heads.map(() => '---');
  return [heads, rule, ...rows].map((cells) => `| ${cells.join(' | ')} |`);
}

/** Survived by whoever of us met it. */
function cellOf(cell: string, { verdicts, failures }: TrialResult): string {
  const isHere = (name: string) => name.startsWith(`${cell} (`);
  if (failures.some((failure) => isHere(failure.case))) return '**broken**';
  const ends = [...verdicts].filter(([name]) => isHere(name)).map(([, { end }]) => end);
  return ends.includes('survived') ? 'ok' : 'n/a';
}
