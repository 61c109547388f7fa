import { readFile } from 'node:fs/promises';
import * as z from 'zod';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

const repository = z.looseObject({ full_name: z.string() }).nullish();

/** What is read of the event that started the workflow (docs.github.com, "Webhook events and payloads"). */
const eventSchema = z.looseObject({
  repository,
  pull_request: z.looseObject({ head: z.looseObject({ repo: repository }) }).nullish(),
  workflow_run: z.looseObject({ head_repository: repository }).nullish(),
});

/** Events of which the head may be a stranger's: `pull_request`, `pull_request_target`, those of reviews, `workflow_run`. */
const mayBeOfFork = /^(?:pull_request|workflow_run)/;

/**
 * What a stranger's pull request has written must not get our signature: GitHub keeps secrets from forks, but not
 * where a workflow runs for `pull_request_target` or `workflow_run`, or takes its key from a file. An event of these
 * that does not tell whose its head is counts as a stranger's.
 * @throws AirgapError policy
 */
export async function refuseToSignForks({ env }: Pick<Context, 'env'>): Promise<void> {
  const event = await readEvent(env.GITHUB_EVENT_PATH);
  const name = env.GITHUB_EVENT_NAME ?? '';
  if (!event?.pull_request && !event?.workflow_run && !mayBeOfFork.test(name)) return;
  const head = event?.pull_request?.head.repo ?? event?.workflow_run?.head_repository;
  const own = event?.repository?.full_name;
  if (own !== undefined && head?.full_name === own) return;
  throw new AirgapError('policy', 'what comes from a fork is not signed', {
    given: `${name} from ${head?.full_name ?? 'a fork that is gone, or an event that cannot be read'}`,
    expected: `a commit in ${own ?? env.GITHUB_REPOSITORY ?? 'the repository itself'}`,
    next: 'sign where it was merged; for pull requests use command: plan, or unsigned: true without the key',
  });
}

/** Undefined outside of GitHub, and for what is none of its events. */
async function readEvent(path: string | undefined) {
  if (!path) return undefined;
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return eventSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
