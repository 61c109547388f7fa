import { dirname } from 'node:path';
import type { PartResult } from '../commands/create-shard.ts';
import { command, fileWords, type Given, nextText, planWords, quoted } from './next.ts';
import { safeText } from './safe.ts';
import { plainStyle, type Style } from './style.ts';
import { count, formatBytes } from './units.ts';

/** The end of `create --shard`: the file, what is in it, and what makes the bundle of all of them. */
export function partText(result: PartResult, style: Style = plainStyle, given: Given = {}): string {
  const { part, shard, plan, images, blobs, bytes, sha256, resumed, reused } = result;
  const sums = `${formatBytes(bytes)}, ${count(blobs, 'blob')}, ${count(images, 'image')}`;
  return [
    `${style.paint('done', 'done:')} ${safeText(part)}  ${sums}`,
    `  sha256 ${sha256}`,
    `  shard ${shard} of the plan ${plan}`,
    ...(resumed > 0 ? [`  ${formatBytes(resumed)} were there from the run before`] : []),
    ...(reused > 0 ? [`  ${formatBytes(reused)} came from the older bundle`] : []),
    ...nextOfPart(part, given, style),
  ].join('\n');
}

function nextOfPart(part: string, given: Given, style: Style): string[] {
  if (given.file === undefined || given.plan === undefined) return [];
  const join = `--join ${quoted(dirname(part))}`;
  const line = command('create', fileWords(given), planWords(given), join, '-o out');
  return nextText('bring all parts into one folder, and make them the bundle', [line], style);
}
