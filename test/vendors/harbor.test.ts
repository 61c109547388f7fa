import { afterEach, expect, test } from 'vitest';
import { prepareHarbor } from '../../src/vendors/harbor.ts';
import { type Harbor, type HarborOptions, startHarbor } from '../helpers/harbor.ts';
import { api } from './api.ts';

const admin = { username: 'admin', password: 'Harbor12345', mayCreate: true };
const pusher = { username: 'robot$pusher', password: 'secret', mayCreate: false };
const repositories = ['airgap-images/docker.io/nginx', 'airgap-images/quay.io/a', 'other/b'];

let harbor: Harbor;
afterEach(() => harbor.stop());

async function run(
  options: Partial<HarborOptions>,
  { account = admin, dryRun = false, paths = repositories } = {},
) {
  harbor = await startHarbor({ accounts: [admin, pusher], ...options });
  return again({ account, dryRun, paths });
}

async function again({ account = admin, dryRun = false, paths = repositories } = {}) {
  const opened = api(harbor.host, account);
  const result = await prepareHarbor(paths, {
    api: opened.api,
    dryRun,
    context: { emit: (event) => void opened.events.push(event) },
  });
  return { ...result, events: opened.events };
}

const states = ({ needs }: Awaited<ReturnType<typeof again>>) =>
  Object.fromEntries(needs.map(({ name, state }) => [name, state]));
const methods = () => harbor.requests.map(({ method }) => method);

test('the first path segments are the projects: made once each, private', async () => {
  const result = await run({ projects: { other: { public: true } } });
  expect(states(result)).toEqual({ 'airgap-images': 'made', other: 'exists' });
  expect(result.errors).toEqual([]);
  expect(harbor.projects.get('airgap-images')).toEqual({ public: false });
  expect(harbor.projects.get('other')).toEqual({ public: true });
});

test('a second run makes nothing', async () => {
  await run({});
  const before = harbor.requests.length;
  expect(states(await again())).toEqual({ 'airgap-images': 'exists', other: 'exists' });
  expect(
    harbor.requests
      .slice(before)
      .map(({ method }) => method)
      .sort(),
  ).toEqual(['GET', 'GET', 'HEAD', 'HEAD']);
});

test('a dry run says what is missing, and sends GET and HEAD alone', async () => {
  const result = await run({ projects: { other: { public: false } } }, { dryRun: true });
  expect(states(result)).toEqual({ 'airgap-images': 'missing', other: 'exists' });
  expect(new Set(methods())).toEqual(new Set(['HEAD', 'GET']));
  expect([...harbor.projects.keys()]).toEqual(['other']);
});

test('somebody who makes the project at the same time is no failure', async () => {
  harbor = await startHarbor({ accounts: [admin] });
  harbor.answers = ({ method }) =>
    method === 'POST' ? { status: 409, json: { errors: [{ code: 'CONFLICT' }] } } : undefined;
  expect(states(await again({ paths: ['p/a'] }))).toEqual({ p: 'exists' });
});

test('a project that is called like an id is asked for by its name', async () => {
  const result = await run(
    { projects: { '42': { public: false, registryId: 3 } } },
    { paths: ['42/a'] },
  );
  expect(states(result)).toEqual({ '42': 'failed' });
});

test('a proxy cache cannot be pushed to, in a dry run too', async () => {
  const result = await run(
    { projects: { 'airgap-images': { public: false, registryId: 1 } } },
    { dryRun: true },
  );
  expect(states(result)).toEqual({ 'airgap-images': 'failed', other: 'missing' });
  expect(result.errors).toMatchObject([
    {
      class: 'refused',
      message: `${harbor.host}/airgap-images is a proxy cache: nothing can be pushed to it`,
      next: expect.stringContaining(`pullThrough: [${harbor.host}/airgap-images]`),
    },
  ]);
});

test('a project that the account may not look into exists, with a warning', async () => {
  harbor = await startHarbor({ accounts: [admin], projects: { p: { public: false } } });
  harbor.answers = ({ method, path }) =>
    method === 'GET' && path.endsWith('/projects/p') ? { status: 403 } : undefined;
  const result = await again({ paths: ['p/a'] });
  expect(states(result)).toEqual({ p: 'exists' });
  expect(result.events).toMatchObject([{ kind: 'warning' }]);
});

test.each([
  ['may not create projects', pusher, 403, 'refused', /administrator/],
  [
    'is not known',
    { ...admin, password: 'wrong' },
    401,
    'authentication',
    /login.*--push-username.*OIDC/,
  ],
])('an account that %s', async (_, account, status, errorClass, next) => {
  const result = await run({}, { account });
  expect(states(result)).toEqual({ 'airgap-images': 'failed', other: 'failed' });
  expect(result.errors[0]).toMatchObject({
    class: errorClass,
    given: expect.stringContaining(String(status)),
    next: expect.stringMatching(next),
  });
});

test('an account that is not told which projects there are', async () => {
  harbor = await startHarbor({ accounts: [admin] });
  harbor.answers = ({ method }) => (method === 'HEAD' ? { status: 403 } : undefined);
  const result = await again({ paths: ['p/a'] });
  expect(states(result)).toEqual({ p: 'failed' });
  expect(result.errors).toMatchObject([
    {
      class: 'authentication',
      message: `${harbor.host} does not tell whether it has project p`,
      next: 'give the account of --push-username the right to list projects',
    },
  ]);
});

test('a wrong password is one error, however many projects', async () => {
  const result = await run({}, { account: { ...admin, password: 'wrong' } });
  expect(result.errors).toHaveLength(1);
  expect(JSON.stringify(result)).not.toContain('wrong');
});

test('nobody at all', async () => {
  harbor = await startHarbor({ accounts: [admin] });
  const { api: anonymous } = api(harbor.host);
  const result = await prepareHarbor(['p/a'], {
    api: anonymous,
    dryRun: false,
    context: { emit: () => {} },
  });
  expect(result.errors).toMatchObject([
    { class: 'authentication', message: expect.stringContaining('there are no credentials') },
  ]);
});

test.each([
  ['a name that Harbor does not take', 400, 'refused', /another base path/],
  ['a redirect', 302, 'refused', /logs/],
])('%s', async (_, status, errorClass, next) => {
  harbor = await startHarbor({ accounts: [admin] });
  harbor.answers = ({ method }) =>
    method === 'POST'
      ? { status, json: { errors: [{ code: 'BAD_REQUEST', message: 'no\u001b[31m' }] } }
      : undefined;
  const { errors } = await again({ paths: ['p/a'] });
  expect(errors).toMatchObject([
    { class: errorClass, given: `${status}: BAD_REQUEST: no`, next: expect.stringMatching(next) },
  ]);
});

test('what passes is tried again, and one project that fails keeps no other', async () => {
  harbor = await startHarbor({ accounts: [admin] });
  let first = true;
  harbor.answers = ({ method, body }) => {
    if (method !== 'POST') return undefined;
    if (body.includes('other')) return { status: 403, json: { errors: [{ code: 'FORBIDDEN' }] } };
    const isFirst = first;
    first = false;
    return isFirst ? { status: 503 } : undefined;
  };
  expect(states(await again())).toEqual({ 'airgap-images': 'made', other: 'failed' });
});

test('a repository outside of a project has no place in Harbor', async () => {
  const result = await run({}, { paths: ['nginx', 'p/a'] });
  expect(states(result)).toEqual({ nginx: 'failed', p: 'made' });
  expect(result.errors).toMatchObject([{ class: 'usage', given: 'nginx' }]);
});

test('the credential is kept from an open network', async () => {
  harbor = await startHarbor({ accounts: [admin] });
  const { api: far } = api('harbor.example.org', admin);
  const result = await prepareHarbor(['p/a'], {
    api: far,
    dryRun: false,
    context: { emit: () => {} },
  });
  expect(result.errors).toMatchObject([
    { class: 'usage', message: expect.stringContaining('plain HTTP') },
  ]);
});
