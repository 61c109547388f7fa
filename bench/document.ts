import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { profiles } from './profiles.ts';
import type { Section } from './report.ts';
import { works } from './works.ts';

const path = join(import.meta.dirname, '..', 'docs', 'benchmarks.md');
const [begin, end] = ['<!-- figures -->', '<!-- end of figures -->'];

/** Puts sections in the place of their older selves; the words around the figures are people's. */
export async function writeDocument(sections: readonly Section[]): Promise<void> {
  const text = await readFile(path, 'utf8');
  const [before, rest] = split(text, begin);
  const [figures, after] = split(rest, end);
  const titles = profiles.flatMap(({ name }) => works.map((work) => titleOf(name, work)));
  const kept = figures.split(/^(?=### )/m).map((section) => section.trim());
  const all = new Map(kept.map((section) => [section.split('\n', 1)[0] ?? '', section]));
  for (const { profile, work, text } of sections) all.set(titleOf(profile, work), text.trim());
  const ordered = titles.flatMap((title) => all.get(title) ?? []);
  await writeFile(path, `${before}${begin}\n\n${ordered.join('\n\n')}\n\n${end}${after}`);
}

const titleOf = (profile: string, work: string) => `### ${profile}: ${work}`;

function split(text: string, mark: string): [string, string] {
  const at = text.indexOf(mark);
  if (at < 0) throw new Error(`docs/benchmarks.md has no ${mark}`);
  return [text.slice(0, at), text.slice(at + mark.length)];
}
