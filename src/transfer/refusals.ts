import { lacksContent } from '../registry/failures.ts';
import { AirgapError } from '../report/error.ts';

/** What the target takes of nobody, by repository: it is not asked for more of that. */
export class Refusals {
  readonly #uploads = new Map<string, readonly AirgapError[]>();
  readonly #moves = new Map<string, Promise<void>>();
  readonly #immovable = new Map<string, AirgapError>();

  /** Uploads into a repository that has not refused two uploads before. @throws the second refusal where it has */
  async upload<T>(repository: string, work: () => Promise<T>): Promise<T> {
    const [, second] = this.#uploads.get(repository) ?? [];
    if (second !== undefined) throw second;
    try {
      return await work();
    } catch (error) {
      if (isRefusal(error))
        this.#uploads.set(repository, [...(this.#uploads.get(repository) ?? []), error]);
      throw error;
    }
  }

  /**
   * Moves a tag that holds something else, one at a time in a repository.
   * @throws what `put` throws; where an earlier tag may not move at all its refusal, and `put` is not called
   */
  moveTag(repository: string, put: () => Promise<void>): Promise<void> {
    const moved = (this.#moves.get(repository) ?? Promise.resolve()).then(() =>
      this.#move(repository, put),
    );
    this.#moves.set(
      repository,
      moved.catch(() => {}),
    );
    return moved;
  }

  async #move(repository: string, put: () => Promise<void>): Promise<void> {
    const earlier = this.#immovable.get(repository);
    if (earlier !== undefined) throw earlier;
    try {
      await put();
    } catch (error) {
      if (isRefusal(error) && isOfTags(error)) this.#immovable.set(repository, error);
      throw error;
    }
  }
}

function isRefusal(error: unknown): error is AirgapError {
  return error instanceof AirgapError && error.class === 'refused';
}

/** Whether it is about tags that may not move; else it is about this one manifest. */
function isOfTags(error: AirgapError): boolean {
  return !lacksContent(error) && /^(?:409|412)\b|immutable|already exists/i.test(error.given ?? '');
}
