import pMap from 'p-map';
import type { Context } from '../context.ts';
import { aws, awsFailure } from './aws.ts';
import type { EcrRegistry } from './ecr-host.ts';
import { fewAtOnce, type Need, type NeedState, type Provision, seeToEach } from './need.ts';

export interface EcrWork {
  /** Undefined where the host does not tell: then the AWS CLI's own settings say it. */
  readonly registry: EcrRegistry | undefined;
  /** Look only. */
  readonly dryRun: boolean;
  readonly context: Context;
}

/** As many as one call of DescribeRepositories takes. */
const mostNames = 100;

/**
 * Makes the repositories that are not there yet, by the AWS CLI. Where there is none, nobody looks and nothing is made:
 * the commands are what is left to do.
 * @param repositories paths in the registry
 * @throws AirgapError where aws cannot look
 */
export async function prepareEcr(
  repositories: readonly string[],
  work: EcrWork,
): Promise<Provision> {
  const there = await existing(repositories, work);
  const seeTo = async (name: string): Promise<NeedState> => {
    if (there === undefined) return 'unknown';
    if (there.has(name)) return 'exists';
    return work.dryRun ? 'missing' : make(name, work);
  };
  const { needs, errors } = await seeToEach('repository', repositories, seeTo);
  const open = needs.filter(({ state }) => state !== 'exists' && state !== 'made');
  return { needs, errors, commands: open.map((need) => commandFor(need, work)) };
}

/** Undefined where there is no aws. */
async function existing(
  names: readonly string[],
  work: EcrWork,
): Promise<ReadonlySet<string> | undefined> {
  const found: string[] = [];
  for (let start = 0; start < names.length; start += mostNames) {
    const some = names.slice(start, start + mostNames);
    const answer = await describe(some, work);
    if (answer === 'absent') return undefined;
    found.push(...(answer === 'there' ? some : await thoseThere(some, work)));
  }
  return new Set(found);
}

/** One that is missing fails the call for all, and which others are there it does not say. */
async function thoseThere(names: readonly string[], work: EcrWork): Promise<string[]> {
  if (names.length === 1) return [];
  const answers = await pMap(names, (name) => describe([name], work), { concurrency: fewAtOnce });
  return names.filter((_, index) => answers[index] === 'there');
}

async function describe(
  names: readonly string[],
  work: EcrWork,
): Promise<'there' | 'not all there' | 'absent'> {
  const answer = await aws(
    ['ecr', 'describe-repositories', ...where(work), '--repository-names', ...names],
    work.context,
  );
  if (answer.kind === 'done') return 'there';
  if (answer.kind === 'absent') return 'absent';
  if (answer.code === 'RepositoryNotFoundException') return 'not all there';
  throw awsFailure(answer, 'ecr:DescribeRepositories', naming(names));
}

function naming([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

async function make(name: string, work: EcrWork): Promise<NeedState> {
  const answer = await aws(creation(name, work), work.context);
  if (answer.kind === 'done') return 'made';
  if (answer.kind === 'absent') return 'unknown';
  if (answer.code === 'RepositoryAlreadyExistsException') return 'exists';
  throw awsFailure(answer, 'ecr:CreateRepository', name);
}

function creation(name: string, work: EcrWork): string[] {
  return ['ecr', 'create-repository', ...where(work), '--repository-name', name];
}

/** No word of it needs quotes: the grammar of hosts and repositories has no such character. */
function commandFor({ name }: Need, work: EcrWork): string {
  return ['aws', ...creation(name, work)].join(' ');
}

function where({ registry }: EcrWork): string[] {
  return registry ? ['--registry-id', registry.account, '--region', registry.region] : [];
}
