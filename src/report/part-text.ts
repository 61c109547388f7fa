import type { PartResult } from '../commands/create-shard.ts';
import { count, formatBytes } from './units.ts';

/** The end of `create --shard`. */
export function partText(result: PartResult): string {
  const { part, shard, plan, images, blobs, bytes, sha256, resumed, reused } = result;
  return [
    `${part}  ${formatBytes(bytes)}, ${count(blobs, 'blob')}, ${count(images, 'image')}`,
    `sha256 ${sha256}`,
    `shard ${shard} of the plan ${plan}`,
    ...(resumed > 0 ? [`${formatBytes(resumed)} were there from the run before`] : []),
    ...(reused > 0 ? [`${formatBytes(reused)} came from the older bundle`] : []),
    'when all parts are in one folder, make them the bundle with create --plan PLAN --join FOLDER',
  ].join('\n');
}
