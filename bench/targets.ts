import type { Work } from './works.ts';

/** What our time must be of another's, at most. */
export interface Target {
  readonly profiles: readonly string[];
  readonly work: Work;
  /** Contestants by name; absent: the best of all others. */
  readonly against?: string;
  readonly ratio: number;
}

export const targets: readonly Target[] = [
  { profiles: ['medium'], work: 'mirror', ratio: 0.7 },
  { profiles: ['small'], work: 'mirror', ratio: 0.75 },
  { profiles: ['far'], work: 'mirror', ratio: 0.6 },
  { profiles: ['small'], work: 'mirror again', against: 'regsync', ratio: 1 },
  { profiles: ['medium'], work: 'mirror again', against: 'regsync', ratio: 3 },
  { profiles: ['medium', 'small'], work: 'create', against: 'imgpkg', ratio: 1 },
  { profiles: ['medium', 'small'], work: 'create', against: 'crane', ratio: 0.5 },
  { profiles: ['medium', 'small'], work: 'create', against: 'hauler', ratio: 0.5 },
  { profiles: ['far'], work: 'create', ratio: 0.25 },
  { profiles: ['medium'], work: 'verify', against: 'openssl', ratio: 0.7 },
  { profiles: ['medium', 'small'], work: 'load', against: 'imgpkg', ratio: 1.05 },
  { profiles: ['medium', 'small'], work: 'load', against: 'oras', ratio: 0.55 },
  { profiles: ['medium', 'small'], work: 'load', against: 'hauler', ratio: 0.35 },
  { profiles: ['small', 'medium', 'large', 'far'], work: 'start', against: 'node', ratio: 2.5 },
];

/** Bytes that our process may have resident, in any profile. */
export const memoryLimit = 256 * 1024 * 1024;

/** Disk that `create` may take, of the size of the bundle. */
export const diskLimit = 1.02;
