import { type ErrorClass, exitCodes } from './error.ts';

/** What a run can end with, for help and documentation. */
export interface ExitCodeRow {
  /** As a shell shows it: `2`, or `130, 143`. */
  readonly code: string;
  readonly class: End;
  /** What it means, in a line. */
  readonly meaning: string;
  /** What else it means, of the Action or of install.sh. */
  readonly elsewhere?: string;
  /** What to do about it, in a line. */
  readonly cure: string;
}

/** How a run ends: well, by one of the classes of failures, by a mistake of ours, or by a signal. */
export type End = ErrorClass | 'done' | 'bug' | 'interrupted';

/** The rows by code. */
export const exitCodeRows: readonly ExitCodeRow[] = [
  { code: '0', class: 'done', meaning: 'done', cure: '' },
  {
    code: '1',
    class: 'bug',
    meaning: 'a bug of ours: an error that has no class',
    cure: 'report it, with the command and what it printed',
  },
  row(
    'usage',
    'command line or input: unknown flag or field, unknown image, bad plan',
    'correct what the message names, and run it again',
  ),
  row(
    'tool',
    'a tool is missing or too old: oras, helm, kubectl, age',
    'install what the message names, or put it first on PATH',
    'install.sh needs openssl too',
  ),
  row(
    'signature',
    'unsigned, signed by another key, or by one that was revoked',
    'get the bundle, or the right public key, again from who made it; do not go on',
  ),
  row(
    'integrity',
    'a byte that was changed, cut off or added; a digest that differs',
    'copy the bundle again, all its parts; from a registry, find out who changed it',
  ),
  row(
    'policy',
    'expired, or older than the bundle that was loaded last',
    'take the newer bundle, or allow it by the flag that the message names; sign what a fork brings once it is merged',
    'the Action was to sign what comes from a fork',
  ),
  row(
    'authentication',
    'a login is refused, or reading is not allowed',
    'correct the login, and run the same command again: it goes on',
  ),
  row(
    'refused',
    'refused by the target for good: no such project, immutable tag, quota',
    'change the target, or what is sent to it; trying again does not help',
  ),
  row(
    'transient',
    'a connection, 429 or 5xx that stayed: run again, and it goes on',
    'run the same command again: it goes on where it stopped',
  ),
  row(
    'io',
    'a local file: disk full, read-only, no permission',
    'make room, or mend the permission, and run it again',
  ),
  row(
    'cluster',
    'the cluster: not reachable, not allowed, helm failed',
    'mend what the message names, and run it again',
  ),
  row(
    'locked',
    'another run is at the same work; it is named',
    'wait for the other run, or end it',
  ),
  {
    code: '130, 143',
    class: 'interrupted',
    meaning: 'interrupted by a signal',
    cure: 'run the same command again: it goes on',
  },
];

/** All that it means, for who does not ask of one verb. */
export function wholeMeaning({ meaning, elsewhere }: ExitCodeRow): string {
  return elsewhere ? `${meaning}; ${elsewhere}` : meaning;
}

function row(name: ErrorClass, meaning: string, cure: string, elsewhere?: string): ExitCodeRow {
  const more = elsewhere ? { elsewhere } : {};
  return { code: String(exitCodes[name]), class: name, meaning, cure, ...more };
}
