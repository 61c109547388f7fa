import type { ListedImage } from '../inputs/spec.ts';
import type { Place } from '../report/error.ts';

/** Something about the plan that a person must know; errors stop `mirror` and `create`. */
export interface Problem {
  readonly kind: ProblemKind;
  readonly severity: 'error' | 'warning';
  /** As written; empty when it concerns the map as a whole. */
  readonly images: readonly string[];
  readonly message: string;
  /** What to change, ready to paste where that is possible. */
  readonly cure: string;
  /** Where the images, or the entry of the map, are written, as far as that is known. */
  readonly places?: readonly Place[];
}

export type ProblemKind =
  | 'collision'
  | 'rewrite-loop'
  | 'library-without-docker.io'
  | 'outside-target'
  | 'unresolved'
  | 'unmapped'
  | 'no-default'
  | 'target-not-excluded'
  | 'v2-in-target'
  | 'own-images'
  | 'webhook-error'
  | 'containerd-ignores'
  | 'moved-tag'
  | 'lacking'
  | 'not-locked'
  | 'other-lock'
  | 'latest-tag'
  | 'index-digest-kept'
  | 'platform-missing'
  | 'attestations-dropped'
  | 'foreign-layer'
  | 'digest-algorithm'
  | 'subject-missing'
  | 'not-carried'
  | 'referrer-lost'
  | 'embedded-credential';

/** Whether `mirror` and `create` must not carry the plan out. */
export function hasErrors(problems: readonly Problem[]): boolean {
  return problems.some(({ severity }) => severity === 'error');
}

export function error(
  kind: ProblemKind,
  images: readonly string[],
  message: string,
  cure: string,
): Problem {
  return { kind, severity: 'error', images, message, cure };
}

export function warning(
  kind: ProblemKind,
  images: readonly string[],
  message: string,
  cure: string,
): Problem {
  return { kind, severity: 'warning', images, message, cure };
}

/** The problem of an entry of the map, with where it stands. */
export function at(place: Place | undefined, problem: Problem): Problem {
  return place ? { ...problem, places: [place] } : problem;
}

/** As it is told to machines: where things stand in the files of one machine is for its log. */
export function withoutPlaces({ places: _, ...problem }: Problem): Omit<Problem, 'places'> {
  return problem;
}

/** Problems of images, with where those are listed. */
export function located(problems: readonly Problem[], listed: readonly ListedImage[]): Problem[] {
  const known = new Map(listed.map(({ image, place }) => [image, place] as const));
  return problems.map((problem) => {
    const places = problem.images.flatMap((image) => known.get(image) ?? []);
    return problem.places || places.length === 0 ? problem : { ...problem, places };
  });
}
