import type { LoadResult } from '../commands/load.ts';
import type { PlacedResult } from '../commands/transferring.ts';
import { errorLines } from './error-text.ts';
import { imagesWords, someOf } from './image-count.ts';
import {
  command,
  fileWords,
  type Given,
  hasCopiedKeys,
  keyWords,
  nextText,
  planWords,
  quoted,
} from './next.ts';
import { siteText } from './result-text.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { count } from './units.ts';
import { wrap } from './wrap.ts';

/** What became of a placement. */
export const stateWords = {
  copied: 'copied',
  placed: 'placed by mounts',
  there: 'there already',
  proved: 'served by a pull-through cache, which is not written',
  failed: 'failed',
} as const;

/**
 * The end of `mirror` and `load`: what failed and why, what is in the target now, and what was left out. Each image
 * was told of when it was done.
 */
export function placedText(result: PlacedResult, style: Style = plainStyle): string {
  const { errors } = result;
  return [
    ...errors.map((error) => errorLines(error, style)),
    ...(errors.length > 0 ? [''] : []),
    headline(result, style),
    ...statesLines(result),
    ...leftOutLines(result.leftOut, style),
    ...goOnLines(result),
  ].join('\n');
}

export function mirrorText(result: PlacedResult, style: Style = plainStyle, given: Given = {}) {
  return [placedText(result, style), ...nextOfMirror(result, style, given)].join('\n');
}

/** A target that is not signed stands at the end too, where it is read. */
export function loadText(result: LoadResult, style: Style = plainStyle, given: Given = {}): string {
  const { site } = result;
  return [
    placedText(result, style),
    ...(site ? [style.paint('warning', siteText(site))] : []),
    ...nextOfLoad(result, style, given),
  ].join('\n');
}

function headline({ images, target, referrers, errors }: PlacedResult, style: Style): string {
  const placements = images.flatMap((image) => image.placements);
  const failed = images.filter((image) => image.placements.some(({ state }) => state === 'failed'));
  if (errors.length > 0) {
    const label = style.paint('error', 'failed:');
    const lost = placements.filter(({ state }) => state === 'failed').length;
    if (lost === placements.length)
      return `${label} all ${count(images.length, 'image')}, ${count(lost, 'placement')}; nothing was placed in ${safeText(target)}`;
    const failure = `${failed.length} of ${count(images.length, 'image')}, ${lost} of ${count(placements.length, 'placement')}`;
    return `${label} ${failure}; the others are in ${safeText(target)}`;
  }
  const all = imagesWords(images.length - referrers, referrers);
  const sums = `${all}, ${count(placements.length, 'placement')} in ${safeText(target)}`;
  return `${style.paint('done', 'done:')} ${sums}`;
}

function statesLines({ counts }: PlacedResult): string[] {
  return Object.entries(stateWords)
    .filter(([state]) => counts[state])
    .map(([state, words]) => `  ${counts[state]} ${words}`);
}

/** Only what passes by itself is gone at the next run of the same command. */
function goOnLines({ errors, counts }: PlacedResult): string[] {
  if (errors.length === 0) return [];
  const isPassing = errors.every(({ class: name }) => name === 'transient');
  const isAny = Object.keys(counts).some((state) => state !== 'failed');
  const stays = isAny ? 'what is there stays: ' : '';
  const first = isPassing ? '' : 'mend the errors, then ';
  return [`${stays}${first}run the same command again to go on`];
}

/** What no rule of the map covers. */
export function leftOutLines(leftOut: readonly string[], style: Style): string[] {
  if (leftOut.length === 0) return [];
  const words = `left out: ${count(leftOut.length, 'image')} that no rule of the map covers: ${someOf(leftOut)}`;
  return [`  ${style.paint('warning', wrap(words, style, 4, 2))}`];
}

/** A light bundle has the name of a whole one, and must not take its place. */
function nextOfMirror({ errors }: PlacedResult, style: Style, given: Given): string[] {
  if (errors.length > 0 || given.file === undefined) return [];
  const plan = planWords(given);
  const inFull = command('create', fileWords(given), plan, '-o out');
  if (given.shard !== undefined) {
    const [, shards] = given.shard.split('/');
    return nextText(`once all ${shards} shards are mirrored, write the bundle`, [inFull], style);
  }
  // A plan says itself whether the images travel.
  if (plan !== undefined) return nextText('write the bundle', [inFull], style);
  const light = command('create', fileWords(given), '--without-images', '-o light');
  return nextText('write the bundle; the images need not travel in it', [light], style);
}

function nextOfLoad({ errors }: LoadResult, style: Style, given: Given): string[] {
  const { bundle } = given;
  if (errors.length > 0 || bundle === undefined || hasCopiedKeys(given)) return [];
  const doctor = command('doctor', quoted(bundle), keyWords(given) || undefined);
  return nextText('see whether the cluster will find them', [doctor], style);
}
