import { AirgapError } from '../report/error.ts';
import type { ActionCommand, ReadInput } from './inputs.ts';

/** How a step shares its work with others, each as it was written. */
export interface ShardInputs {
  /** Into how many shards `plan` splits the plan. */
  readonly shards: string | undefined;
  /** Which of them `mirror` and `create` do. */
  readonly shard: string | undefined;
  /** Folder with the parts that `create` makes one bundle. */
  readonly join: string | undefined;
}

/** @throws AirgapError usage for one that none of the commands takes, or that lacks its plan */
export function readShards(input: ReadInput, wanted: readonly ActionCommand[]): ShardInputs {
  const text = (name: string) => input(name).trim() || undefined;
  const given = { shards: text('shards'), shard: text('shard'), join: text('join') };
  const isFor = (...commands: ActionCommand[]) => wanted.every((one) => commands.includes(one));
  if (given.shards && !isFor('plan')) throw otherCommand('shards', 'plan', wanted);
  if (given.shard && !isFor('mirror', 'create'))
    throw otherCommand('shard', 'mirror, create or both', wanted);
  if (given.join && !isFor('create')) throw otherCommand('join', 'create', wanted);
  const [shared] = (['shard', 'join'] as const).filter((name) => given[name]);
  if (shared && !text('plan')) throw planMissing(shared);
  return given;
}

function planMissing(name: string): AirgapError {
  return new AirgapError('usage', `the input ${name} is given without the input plan`, {
    expected: 'the one plan that all shards carry out: a tag may have moved since another read it',
    next: 'make it in a job of its own, with command: plan and shards, and give its file to plan',
  });
}

function otherCommand(
  name: string,
  expected: string,
  wanted: readonly ActionCommand[],
): AirgapError {
  return new AirgapError('usage', `the input ${name} is not for this command`, {
    given: wanted.join(', '),
    expected: `command: ${expected}`,
    next: 'plan, make the parts, and join them in jobs of their own',
  });
}
