import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** What tests produced: of each test file what its last run did. One folder a checkout. */
const folder = join(
  tmpdir(),
  `airgap-bundle-errors-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`,
);

/** Something that a test made happen. */
export type Record =
  /** An error that the sources made; the file is empty for a class of its own. */
  | {
      readonly kind: 'made';
      readonly class: string;
      readonly message: string;
      readonly file: string;
    }
  /** A problem of a plan. */
  | { readonly kind: 'problem'; readonly problem: string; readonly message: string }
  /** An error in what a program said. */
  | {
      readonly kind: 'said';
      readonly by: 'airgap-bundle' | 'install.sh';
      readonly message: string;
      readonly exitCode: number | null;
    };

export interface Recorder {
  add(record: Record): void;
}

/** Fuzzing makes thousands that are alike. */
const most = 3_000;

/** Begins the records of a test file anew. */
export function startRecords(testFile: string): Recorder {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${relative(root, testFile).replaceAll('/', '__')}.jsonl`);
  rmSync(path, { force: true });
  const seen = new Set<string>();
  return {
    add(record) {
      const line = JSON.stringify(record);
      if (seen.has(line) || seen.size > most) return;
      seen.add(line);
      appendFileSync(path, `${line}\n`);
    },
  };
}

/** What is recorded, with the test file that did it. @param of these test files alone */
export function readRecords(of?: ReadonlySet<string>): { testFile: string; record: Record }[] {
  const names = readdirSafely().filter((name) => name.endsWith('.jsonl'));
  return names.flatMap((name) => {
    const testFile = name.replace(/\.jsonl$/, '').replaceAll('__', '/');
    if (of && !of.has(testFile)) return [];
    const lines = readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean);
    return lines.map((line) => ({ testFile, record: JSON.parse(line) as Record }));
  });
}

function readdirSafely(): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}
