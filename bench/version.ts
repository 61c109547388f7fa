import { spawnSync } from 'node:child_process';
import { toolPath } from '../test/helpers/tools.ts';

/** What a tool says of its version; undefined when it is not to be had. */
export function versionOf(
  tool: string,
  ask: readonly string[],
  answer: RegExp,
): string | undefined {
  try {
    const { stdout } = spawnSync(toolPath(tool), ask, { encoding: 'utf8' });
    return answer.exec(stdout)?.[1] ?? 'of unknown version';
  } catch {
    return undefined;
  }
}
