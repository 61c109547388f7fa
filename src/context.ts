import type { Emit } from './report/events.ts';

/** What a door hands to the work: the outside world, so that no room reaches for `process`. */
export interface Context {
  /** Environment variables, as the process got them. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute path that relative paths of flags start from. */
  readonly cwd: string;
  /** Absolute path of a folder for private temporary files; whoever puts something there removes it. */
  readonly temporary: string;
  readonly now: () => Date;
  /** Aborted on SIGINT and SIGTERM; every child process and request listens to it. */
  readonly signal: AbortSignal;
  /**
   * Where facts about the run go, whoever listens. Steps, notes and warnings carry a sentence for people; how it
   * looks, and whether it is shown, is up to `report/`.
   */
  readonly emit: Emit;
}
