import { afterEach, beforeEach, expect, test } from 'vitest';
import { prepareEcr } from '../../src/vendors/ecr.ts';
import { context } from '../registry/context.ts';
import { type FakeAws, makeFakeAws } from './fake-aws.ts';

const registry = { account: '123456789012', region: 'eu-west-1' };
const where = ['--registry-id', '123456789012', '--region', 'eu-west-1'];
const names = ['m/a', 'm/b', 'm/bundles/sample'];

let aws: FakeAws;
beforeEach(async () => {
  aws = await makeFakeAws();
});
afterEach(() => aws.remove());

function run({ dryRun = false, repositories = names, env = {} } = {}) {
  const own = { ...aws.env, AIRGAP_BUNDLE_PUSH_PASSWORD: 'secret', INPUT_TOKEN: 'secret' };
  const work = context({ env: { ...own, ...env } });
  return prepareEcr(repositories, { registry, dryRun, context: work });
}

const states = ({ needs }: Awaited<ReturnType<typeof run>>) =>
  Object.fromEntries(needs.map(({ name, state }) => [name, state]));
const creation = (name: string) =>
  `aws ecr create-repository ${where.join(' ')} --repository-name ${name}`;

test('what is missing is made', async () => {
  await aws.add('m/b');
  const result = await run();
  expect(states(result)).toEqual({ 'm/a': 'made', 'm/b': 'exists', 'm/bundles/sample': 'made' });
  expect(result).toMatchObject({ errors: [], commands: [] });
  expect(await aws.repositories()).toEqual(names);
});

test('where all are there, that is one call', async () => {
  await aws.add(...names);
  const result = await run();
  expect(new Set(Object.values(states(result)))).toEqual(new Set(['exists']));
  expect(await aws.calls()).toEqual([
    ['ecr', 'describe-repositories', ...where, '--repository-names', ...names, '--output', 'json'],
  ]);
});

test('a dry run describes and makes nothing, and says how it would be made', async () => {
  await aws.add('m/b');
  const result = await run({ dryRun: true });
  expect(states(result)).toEqual({
    'm/a': 'missing',
    'm/b': 'exists',
    'm/bundles/sample': 'missing',
  });
  expect(result.commands).toEqual([creation('m/a'), creation('m/bundles/sample')]);
  const verbs = (await aws.calls()).map(([, verb]) => verb);
  expect(new Set(verbs)).toEqual(new Set(['describe-repositories']));
});

test('more than a call takes are described by the hundred', async () => {
  const many = Array.from({ length: 201 }, (_, index) => `m/r${index}`);
  await aws.add(...many);
  expect(new Set(Object.values(states(await run({ repositories: many }))))).toEqual(
    new Set(['exists']),
  );
  expect((await aws.calls()).map((words) => words.length - 9)).toEqual([100, 100, 1]);
});

test('a repository alone that is missing is asked for once', async () => {
  expect(states(await run({ repositories: ['m/a'] }))).toEqual({ 'm/a': 'made' });
  expect((await aws.calls()).map(([, verb]) => verb)).toEqual([
    'describe-repositories',
    'create-repository',
  ]);
});

test('where there is no aws, nobody knows, and the commands are what is left', async () => {
  const result = await run({ env: { PATH: '/nonexistent' } });
  expect(new Set(Object.values(states(result)))).toEqual(new Set(['unknown']));
  expect(result).toMatchObject({ errors: [], commands: names.map(creation) });
});

test('who may look but not make', async () => {
  await aws.add('m/b');
  await aws.deny('CreateRepository');
  const result = await run();
  expect(states(result)).toEqual({
    'm/a': 'failed',
    'm/b': 'exists',
    'm/bundles/sample': 'failed',
  });
  expect(result.commands).toEqual([creation('m/a'), creation('m/bundles/sample')]);
  expect(result.errors[0]).toMatchObject({
    class: 'refused',
    given: expect.stringContaining('AccessDeniedException'),
    next: expect.stringContaining('allow ecr:CreateRepository'),
  });
});

test('who may not look', async () => {
  await aws.deny('DescribeRepositories');
  await expect(run()).rejects.toMatchObject({
    class: 'authentication',
    next: expect.stringContaining('allow ecr:DescribeRepositories'),
  });
});

test.each([
  ['ExpiredTokenException The security token included in the request is expired', 'authentication'],
  ['UnrecognizedClientException The security token included is invalid.', 'authentication'],
  ['InvalidSignatureException Signature expired', 'authentication'],
  [
    '- Unable to locate credentials. You can configure credentials by running "aws configure".',
    'authentication',
  ],
  ['- The config profile (nobody) could not be found', 'authentication'],
  ['ThrottlingException Rate exceeded', 'transient'],
  ['ServerException try later', 'transient'],
  [
    '- Could not connect to the endpoint URL: "https://api.ecr.eu-west-1.amazonaws.com/"',
    'transient',
  ],
  ['- usage: aws [options] <command>', 'tool'],
  ['InvalidParameterException the name of credentials is not valid', 'refused'],
  ['- something new', 'refused'],
])('%s: %s', async (line, errorClass) => {
  await aws.trouble(line);
  await expect(run()).rejects.toMatchObject({ class: errorClass });
});

test('version 2 ends with another code', async () => {
  expect(states(await run({ env: { FAKE_AWS_FAILS: '254' }, repositories: ['m/a'] }))).toEqual({
    'm/a': 'made',
  });
});

test('its credentials are its own affair: it gets none of ours', async () => {
  await run();
  expect(await aws.ours()).toBe('');
});

test('a host that tells neither account nor region leaves both to the settings of aws', async () => {
  const work = context({ env: aws.env });
  const result = await prepareEcr(['m/a'], { registry: undefined, dryRun: true, context: work });
  expect(result.commands).toEqual(['aws ecr create-repository --repository-name m/a']);
});
