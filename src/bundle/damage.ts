import { AirgapError } from '../report/error.ts';

export interface Damage {
  /** The entry's path, and which part of it. */
  readonly place: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly given: string;
  readonly expected?: string;
}

/** A byte that is not what the inventory says. */
export function damaged(path: string, { place, offset, given, expected }: Damage): AirgapError {
  return new AirgapError('integrity', `the bundle is damaged at ${place}, byte ${offset}`, {
    given: `${path}: ${given}`,
    ...(expected === undefined ? {} : { expected }),
    next: 'copy it again from where it was made, and compare it with its .sha256 file',
  });
}
