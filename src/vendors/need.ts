import pMap from 'p-map';
import { type AirgapError, failuresIn } from '../report/error.ts';

/** `missing`: seen not to be there, and not made. `unknown`: nobody looked. */
export type NeedState = 'exists' | 'made' | 'missing' | 'unknown' | 'failed';

/** Something that must be in the target before a push. */
export interface Need {
  readonly what: 'project' | 'repository';
  /** Without the host. */
  readonly name: string;
  readonly state: NeedState;
}

/** What a target wants before a push, and what became of it. */
export interface Provision {
  readonly needs: readonly Need[];
  /** What makes by hand what is not there, one command line each; empty where there is no such command. */
  readonly commands: readonly string[];
  /** Why needs failed, each reason once. */
  readonly errors: readonly AirgapError[];
}

/** Others use the registry too. */
export const fewAtOnce = 4;

/** Sees to each name by itself: what fails, fails for this one, and the others go on. */
export async function seeToEach(
  what: Need['what'],
  names: readonly string[],
  seeTo: (name: string) => Promise<NeedState>,
): Promise<Pick<Provision, 'needs' | 'errors'>> {
  const errors: AirgapError[] = [];
  const one = async (name: string): Promise<Need> => {
    try {
      return { what, name, state: await seeTo(name) };
    } catch (thrown) {
      const failures = failuresIn(thrown);
      if (failures.length === 0) throw thrown;
      errors.push(...failures);
      return { what, name, state: 'failed' };
    }
  };
  const needs = await pMap(names, one, { concurrency: fewAtOnce });
  return { needs, errors: eachOnce(errors) };
}

/** A wrong password fails every need in the same words. */
function eachOnce(errors: readonly AirgapError[]): AirgapError[] {
  return [...new Map(errors.map((one) => [`${one.message}\n${one.given}`, one])).values()];
}
