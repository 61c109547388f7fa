import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from '../measure.ts';
import type { Job, Scene } from '../works.ts';

/** A loop as people write it: a list of arguments, so many processes at a time. */
export async function inParallel(
  { folder, jobs }: Scene,
  processes: number,
  command: string,
  words: (job: Job) => string,
): Promise<Command> {
  await writeFile(join(folder, 'list'), jobs.map((job) => `${words(job)}\n`).join(''));
  return { script: `xargs -P ${processes} -L 1 ${command} < list` };
}
