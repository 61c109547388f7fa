import { readFile } from 'node:fs/promises';
import { thisProcess } from '../../src/disk/process.ts';

/** What a process of this machine would call itself. */
export async function processName(pid: number): Promise<string> {
  const [place] = (await thisProcess()).name.split('-');
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return `${place}-${pid}-${text.split(') ')[1]?.split(' ')[19]}`;
}
