import { counted, mebi, most, type Row } from './rows.ts';
import { diskLimit, memoryLimit, type Target, targets } from './targets.ts';
import type { Work } from './works.ts';

const us = 'airgap-bundle';

/** How we did against the others and against what we promise; rows where we lose stay in. */
export function judge(profile: string, work: Work, rows: readonly Row[]): string[] {
  const own = rows.find(({ contestant }) => contestant.name === us);
  const others = rows.filter((row) => row !== own);
  if (own === undefined) return [];
  const promised = targets.filter(
    (target) => target.work === work && target.profiles.includes(profile),
  );
  return [
    ...againstBest(
      own,
      others,
      promised.find(({ against }) => against === undefined),
    ),
    ...promised.flatMap((target) => againstNamed(own, others, target)),
    ...onResources(work, own),
  ];
}

function againstBest(own: Row, others: readonly Row[], target: Target | undefined): string[] {
  const [best] = others.toSorted((a, b) => counted(a.median) - counted(b.median));
  if (best === undefined) return [];
  return [`against the best peer, ${ratioText(own, best, target?.ratio)}`];
}

function againstNamed(own: Row, others: readonly Row[], { against, ratio }: Target): string[] {
  if (against === undefined) return [];
  const peer = others.find(({ contestant }) => contestant.name === against);
  if (peer === undefined) return [`against ${against}: not in this run (target ≤ ${ratio})`];
  return [`against ${ratioText(own, peer, ratio)}`];
}

function ratioText(own: Row, peer: Row, target: number | undefined): string {
  const ratio = counted(own.median) / counted(peer.median);
  return `${peer.contestant.name}: ${ratio.toFixed(2)} of its time${verdict(ratio, target)}`;
}

function verdict(value: number, limit: number | undefined): string {
  if (limit === undefined) return '';
  return value <= limit ? ` (target ≤ ${limit}: reached)` : ` (target ≤ ${limit}: **missed**)`;
}

function onResources(work: Work, own: Row): string[] {
  const memory = most(own.runs, ({ memoryOf }) => memoryOf.node ?? 0);
  const over = memory > memoryLimit ? '**missed**' : 'reached';
  const lines = [`our process: ${mebi(memory)} MiB (target ≤ ${mebi(memoryLimit)}: ${over})`];
  if (work === 'create') {
    const ratio = most(own.runs, ({ disk, bundle = disk }) => disk / bundle);
    lines.push(`disk: ${ratio.toFixed(2)} of the bundle${verdict(ratio, diskLimit)}`);
  }
  if (work.endsWith('again') && !work.startsWith('create'))
    lines.push(`PUT: ${own.median.target.put}${verdict(own.median.target.put, 0)}`);
  return lines;
}
