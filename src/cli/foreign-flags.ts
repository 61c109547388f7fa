import { AirgapError } from '../report/error.ts';
import { camelCase, type Flags } from './flags.ts';

/**
 * Some verbs have two forms, and flags that say something about one of them alone.
 * @param foreign the flags of the other form, without their dashes
 * @param form what was given in place of it
 * @throws AirgapError usage for the first of them that is given
 */
export function refuseForeign(
  flags: Flags,
  foreign: readonly string[],
  form: string,
  next: string,
): void {
  const given = foreign.find((name) => flags[camelCase(name)] !== undefined);
  if (given === undefined) return;
  throw new AirgapError('usage', `--${given} does not go with ${form}`, { next });
}
