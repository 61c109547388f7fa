import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { asHint, replaceFile } from '../disk/replace.ts';
import { defined } from '../inputs/defined.ts';
import type { LockedReferrer } from '../inputs/lock-file.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { groupBy } from '../plan/group-by.ts';
import type { Referrer } from '../registry/read-referrers.ts';
import type { ListReferrers } from './referrer-walk.ts';

/** Where the lists of what is attached come from. */
export interface ReferrerLists {
  readonly list: ListReferrers;
  /** All that was listed. */
  found(): LockedReferrer[];
  /** Remembers the answers for the next run. */
  keep(): Promise<void>;
}

/** What a lock file says is attached: nobody is asked. */
export function lockedLists(referrers: readonly LockedReferrer[]): ReferrerLists {
  const of = groupBy(referrers, ({ of: name, subject }) => `${name}@${subject}`);
  return {
    list: async ({ name, subject }) => {
      const found = of.get(`${name}@${subject}`) ?? [];
      return { referrers: found.map(unlocked), lost: [] };
    },
    found: () => [...referrers],
    keep: async () => {},
  };
}

function unlocked({ of: _, subject: __, tag, ...descriptor }: LockedReferrer): Referrer {
  return { descriptor: defined(descriptor), ...(tag ? { tag } : {}) };
}

/** A run that is repeated within this time, milliseconds, does not ask every image again. */
const lately = 10 * 60 * 1000;

const referrer = z.custom<Referrer>((value) => {
  const { descriptor } = (value ?? {}) as Partial<Referrer>;
  return typeof descriptor?.mediaType === 'string' && isDigest(descriptor.digest);
});
const form = z.record(
  z.string(),
  z.object({ at: z.iso.datetime(), referrers: z.array(referrer).readonly() }),
);
type Remembered = z.infer<typeof form>;

/**
 * Lists by `ask`, but what was asked not long ago. A file that cannot be read or written costs the asking alone.
 * @param path of the file that remembers
 * @param fresh ask, however lately it was done
 */
export async function rememberedLists(
  path: string,
  ask: ListReferrers,
  fresh: boolean,
  { now, emit }: Context,
): Promise<ReferrerLists> {
  const remembered = young(await readRemembered(path), now());
  const before = fresh ? {} : remembered;
  const after: Remembered = { ...remembered };
  const used = new Set<string>();
  const found = new Map<string, LockedReferrer[]>();
  return {
    list: async (question) => {
      const { source, name, subject } = question;
      // Another mirror may have others.
      const key = `${source.client.host}/${source.repository}@${subject}`;
      const known = before[key];
      if (known) used.add(known.at);
      const { referrers, lost } = known ? { ...known, lost: [] } : await ask(question);
      found.set(`${name} ${subject}`, locked(name, subject, referrers));
      // What could not be read may be read the next time.
      if (!known && lost.length === 0) after[key] = { at: now().toISOString(), referrers };
      return { referrers, lost };
    },
    found: () =>
      [...found].sort(([one], [other]) => (one < other ? -1 : 1)).flatMap(([, all]) => all),
    keep: async () => {
      const [oldest] = [...used].sort();
      if (oldest !== undefined) emit({ kind: 'note', message: askedWords(oldest) });
      await replaceFile(path, JSON.stringify(after), asHint).catch(() => undefined);
    },
  };
}

function askedWords(at: string): string {
  return `what is attached to the images is taken as it was found at ${at}; --fresh asks again`;
}

async function readRemembered(path: string): Promise<Remembered> {
  try {
    return form.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}

function young(remembered: Remembered, now: Date): Remembered {
  const entries = Object.entries(remembered).filter(([, { at }]) => {
    const age = now.getTime() - Date.parse(at);
    return age >= 0 && age < lately;
  });
  return Object.fromEntries(entries);
}

function locked(of: string, subject: Digest, referrers: readonly Referrer[]): LockedReferrer[] {
  return referrers.map(({ descriptor: { digest, mediaType, size, artifactType }, tag }) => ({
    ...{ of, subject, digest, mediaType, size },
    ...defined({ artifactType, tag }),
  }));
}
