import type { CorpusImage } from './corpus.ts';
import type { Command } from './measure.ts';

/** In the order in which one contestant does them; a chain's work builds on what came before it. */
export const chains = {
  mirror: ['mirror', 'mirror again', 'mirror changed'],
  file: ['create', 'create again', 'verify', 'load', 'load again'],
  start: ['start'],
} as const;

export type ChainName = keyof typeof chains;
export type Work = (typeof chains)[ChainName][number];

export const chainNames = Object.keys(chains) as ChainName[];
export const works: readonly Work[] = chainNames.flatMap((name) => [...chains[name]]);

/** What a work is, for people. */
export const meaning: Readonly<Record<Work, string>> = {
  mirror: 'registry → empty registry',
  'mirror again': 'the same once more, nothing to do',
  'mirror changed': 'once more, after 5 % of the images got another top layer',
  create: 'registry → one file',
  'create again': 'the same once more, the first file still there',
  verify: 'hash the file that `create` of airgap-bundle made, page cache warm',
  load: 'that file → empty registry',
  'load again': 'the same once more, nothing to do',
  start: 'ten starts that do nothing',
};

/** An image as contestants are told of it. */
export interface Job extends CorpusImage {
  /** `127.0.0.1:5000/before/quay.io/bench/app-007`, without tag. */
  readonly source: string;
}

/** Where a contestant works. */
export interface Scene {
  /** Its own folder; what it leaves there is still there for the chain's next work. */
  readonly folder: string;
  readonly jobs: readonly Job[];
  readonly state: 'before' | 'after';
  /** Hosts. */
  readonly source: string;
  readonly target: string;
}

export interface Contestant {
  readonly name: string;
  /** How it is run, for the report. */
  readonly how: string;
  /** Undefined: it is not to be had here. */
  version(): string | undefined;
  /** Writes what the work needs (not measured), and says what to run. */
  readonly works: Partial<Record<Work, (scene: Scene) => Promise<Command>>>;
  /** What is run unmeasured where a chain needs it. */
  readonly unmeasured?: Partial<Record<Work, (scene: Scene) => Promise<Command>>>;
  /** Where an image is to be found after mirror or load, `path/to/repository:tag` or `…@digest`. */
  placement(job: Job): string;
  /** The file that `create` leaves. */
  bundle(scene: Scene): string;
}

/** The place that the mirror map gives an image. */
export const mapped = ({ name, tag }: Job): string => `airgap-images/${name}:${tag}`;
