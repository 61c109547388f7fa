import { parseArgs } from 'node:util';
import { contestants } from './contestants/all.ts';
import { type Profile, profiles } from './profiles.ts';
import { type Contestant, type Work, works } from './works.ts';

export interface Options {
  readonly profiles: readonly Profile[];
  readonly works: readonly Work[];
  readonly contestants: readonly Contestant[];
  readonly rounds: number;
  /** Not everyone runs: the figures are shown, but not written down. */
  readonly narrowed: boolean;
}

export const usage = `usage: npm run bench -- [--profile NAME,…] [--work NAME,…] [--only NAME,…] [--rounds N]
  profiles     ${profiles.map(({ name }) => name).join(', ')}
  works        ${works.join(', ')}
  contestants  us, ${contestants
    .slice(1)
    .map(({ name }) => name)
    .join(', ')}`;

/** What was asked for makes no sense. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(argv: readonly string[]): Options {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: { profile: text, work: text, only: text, rounds: text },
  });
  const rounds = Number(values.rounds ?? 3);
  if (!Number.isInteger(rounds) || rounds < 1) throw new UsageError('--rounds is a count');
  return {
    profiles: chosen('profile', values.profile, profiles, ({ name }) => name),
    works: chosen('work', values.work, works, (work) => work),
    contestants: chosen(
      'only',
      values.only?.replace(/\bus\b/, 'airgap-bundle'),
      contestants,
      ({ name }) => name,
    ),
    rounds,
    narrowed: values.only !== undefined,
  };
}

function chosen<Thing>(
  option: string,
  words: string | undefined,
  things: readonly Thing[],
  nameOf: (thing: Thing) => string,
): readonly Thing[] {
  if (words === undefined) return things;
  const names = words.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !things.some((thing) => nameOf(thing) === name));
  if (unknown.length > 0) throw new UsageError(`--${option} ${unknown.join(',')}: unknown`);
  return things.filter((thing) => names.includes(nameOf(thing)));
}
