/** Why a run ended badly, as the caller can act on it; each class has one exit code. */
export type ErrorClass = keyof typeof exitCodes;

export const exitCodes = {
  usage: 2,
  tool: 3,
  signature: 4,
  integrity: 5,
  policy: 6,
  authentication: 7,
  refused: 8,
  transient: 9,
  io: 10,
  cluster: 11,
  locked: 12,
} as const;

/** Where the cause of a message stands in a file that somebody wrote. */
export interface Place {
  /** Absolute path. */
  readonly file: string;
  /** From 1: of the file, or of what `field` leads to, be it a list or a text of several lines. */
  readonly line?: number | undefined;
  /** From 1. */
  readonly column?: number | undefined;
  /** The way to a value of a YAML document, from its root. */
  readonly field?: readonly (string | number)[] | undefined;
}

export interface ErrorText {
  /** What was found: the value, the answer, the path. Never a secret. */
  readonly given?: string | undefined;
  readonly expected?: string | undefined;
  /** The command or change that mends it. */
  readonly next?: string | undefined;
  /** What is told of it in words is in the message or in `given`. */
  readonly place?: Place | undefined;
  readonly cause?: unknown;
}

/** A failure that a user can meet and mend. Anything else that is thrown is our bug (exit 1). */
export class AirgapError extends Error {
  override readonly name = 'AirgapError';
  readonly class: ErrorClass;
  readonly given: string | undefined;
  readonly expected: string | undefined;
  readonly next: string | undefined;
  readonly place: Place | undefined;

  constructor(errorClass: ErrorClass, message: string, text: ErrorText = {}) {
    super(message, text.cause === undefined ? undefined : { cause: text.cause });
    this.class = errorClass;
    this.given = text.given;
    this.expected = text.expected;
    this.next = text.next;
    this.place = text.place;
  }

  get exitCode(): number {
    return exitCodes[this.class];
  }
}

/** Several failures of one run, for instance one an image. */
export class Failures extends Error {
  override readonly name = 'Failures';
  readonly errors: readonly AirgapError[];

  constructor(message: string, errors: readonly AirgapError[]) {
    super(message);
    this.errors = errors;
  }
}

/** Of several failures in one run the smallest code counts; 0 where there is none. */
export function exitCodeOf(errors: readonly AirgapError[]): number {
  return errors.length === 0 ? 0 : Math.min(...errors.map(({ exitCode }) => exitCode));
}

/** The user-reachable failures inside whatever was thrown; empty when it is our bug. */
export function failuresIn(thrown: unknown): readonly AirgapError[] {
  if (thrown instanceof AirgapError) return [thrown];
  if (thrown instanceof Failures) return thrown.errors;
  return [];
}

/** Whether the same plan can be carried out by another run, at most after a login or with more room on the disk. */
export function canGoOn(thrown: unknown): boolean {
  const errors = failuresIn(thrown);
  return errors.length > 0 && errors.every(({ class: name }) => passing.has(name));
}

const passing: ReadonlySet<ErrorClass> = new Set(['transient', 'authentication', 'io']);
