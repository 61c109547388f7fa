import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { asHint, replaceFile } from '../disk/replace.ts';
import { defined } from '../inputs/defined.ts';
import type { BundleLock, LockedReferrer } from '../inputs/lock-file.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
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
export function lockedLists({ referrers }: BundleLock): ReferrerLists {
  return {
    list: async ({ name, subject }) =>
      referrers.filter((one) => one.of === name && one.subject === subject).map(unlocked),
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
  const before = fresh ? {} : young(await readRemembered(path), now());
  const after: Remembered = { ...before };
  const used = new Set<string>();
  return {
    list: async (question) => {
      const key = `${question.name}@${question.subject}`;
      const known = before[key];
      if (known) {
        used.add(known.at);
        return known.referrers;
      }
      const referrers = await ask(question);
      after[key] = { at: now().toISOString(), referrers };
      return referrers;
    },
    found: () => Object.entries(after).flatMap(locked).sort(inOrder),
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

function locked([key, { referrers }]: [string, Remembered[string]]): LockedReferrer[] {
  const at = key.lastIndexOf('@');
  const place = { of: key.slice(0, at), subject: key.slice(at + 1) as Digest };
  return referrers.map(({ descriptor: { digest, mediaType, size, artifactType }, tag }) => ({
    ...place,
    ...{ digest, mediaType, size },
    ...defined({ artifactType, tag }),
  }));
}

function inOrder(one: LockedReferrer, other: LockedReferrer): number {
  const name = ({ of, subject, tag = '', digest }: LockedReferrer) =>
    [of, subject, tag, digest].join(' ');
  return name(one) < name(other) ? -1 : 1;
}
