import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer as createHttp, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { type Job, section, startKeyedJob } from '../../test/helpers/job.ts';
import type { FrontAnswer, FrontRule } from '../../test/helpers/proxy.ts';
import { freePort } from '../../test/helpers/registry.ts';
import { type Authority, makeAuthority } from '../../test/helpers/tls.ts';
import { checkRefused } from '../checks.ts';
import { isBlobGet, isManifestGet, isUploadPost, type Which } from '../faults.ts';
import { retryBudget } from '../knobs.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, refused, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();
const user = { name: 'ops', password: 'canary-password' };

/** Who is not the registry, and must not learn what is for it. */
interface Canary {
  readonly origin: string;
  /** Requests that brought any credential. */
  credentials(): number;
  requests(): number;
  close(): void;
}

/** A loopback address that is not the registry's. */
const elsewhere = '127.0.0.2';

async function openCanary(): Promise<Canary> {
  let [requests, credentials] = [0, 0];
  const server = createHttp((request, response) => {
    requests++;
    const shown = JSON.stringify([request.headers, request.url]);
    if (request.headers.authorization !== undefined || shown.includes(user.password)) credentials++;
    response.writeHead(404).end();
  });
  server.listen(0, elsewhere);
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return {
    origin: `http://${elsewhere}:${address.port}`,
    requests: () => requests,
    credentials: () => credentials,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

const basic = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;

/** Nobody comes in without the password; `challenge` is what others are told. */
const locked =
  (challenge: string): FrontRule =>
  ({ headers }) =>
    headers.authorization === basic
      ? undefined
      : { status: 401, headers: { 'www-authenticate': challenge } };

/** How a registry that was taken over asks for what is not its own. */
interface Lure {
  readonly verbs: readonly Verb[];
  readonly at: 'source' | 'target';
  challenge?(canary: string): string;
  readonly which?: Which;
  answer?(canary: string): FrontAnswer;
  /** The class that it is refused with; it may not matter which. */
  readonly codes: readonly number[];
}

const ownLogin = () => 'Basic realm="registry"';
const location = (status: number) => (canary: string) => ({
  status,
  headers: { location: `${canary}/v2/take/blobs/uploads/1?state=x` },
});

const lures: Readonly<Record<string, Lure>> = {
  'the realm of the target is another host': {
    verbs: ['mirror', 'load'],
    at: 'target',
    challenge: (canary) => `Bearer realm="${canary}/token",service="s"`,
    codes: [7],
  },
  'the realm of the source is another host': {
    verbs: ['mirror', 'create'],
    at: 'source',
    challenge: (canary) => `Bearer realm="${canary}/token",service="s"`,
    codes: [7],
  },
  'the realm is a link-local address': {
    verbs: ['mirror', 'create'],
    at: 'source',
    challenge: () => 'Bearer realm="http://169.254.169.254/latest/meta-data",service="s"',
    codes: [7],
  },
  'the Location of an upload is another host': {
    verbs: ['mirror', 'load'],
    at: 'target',
    which: isUploadPost,
    answer: location(202),
    codes: [2, 7, 8, 9],
  },
  'a blob is redirected to another host': {
    verbs: ['mirror', 'create'],
    at: 'source',
    which: isBlobGet,
    answer: location(307),
    codes: [2, 5, 7, 8, 9],
  },
  'a manifest is redirected to another host': {
    verbs: ['mirror', 'create'],
    at: 'source',
    which: isManifestGet,
    answer: location(302),
    codes: [2, 5, 7, 8, 9],
  },
};

export const t24: Trial = {
  id: 'T24',
  title: 'realm, Location and redirects lead elsewhere: no credential reaches another host',
  star: false,
  cases: () => [
    ...Object.entries(lures).flatMap(([name, lure]) =>
      lure.verbs.map((verb) => ({
        name: `${verb}: ${name}`,
        run: async () => lured(await sites.at('distribution'), verb, lure),
      })),
    ),
    { name: 'create: https redirects to http', run: downgraded },
  ],
  close: sites.close,
};

async function lured(site: Site, verb: Verb, lure: Lure): Promise<Verdict> {
  const canary = await openCanary();
  try {
    const { front } = site[lure.at];
    const { which, answer } = lure;
    const challenge = (lure.challenge ?? ownLogin)(canary.origin);
    front.rules.push(locked(challenge), (request) =>
      which?.(request) ? answer?.(canary.origin) : undefined,
    );
    await logIn(site.job, front.host);
    const ended = await site.run(verb, ...retryBudget(1));
    const isRefused = lure.codes.includes(ended.exitCode);
    assert.ok(isRefused, `ended with ${ended.exitCode}\n${ended.stderr}`);
    if (answer !== undefined)
      assert.ok(canary.requests() > 0 || lure.at === 'target', 'nobody followed');
    return kept(canary);
  } finally {
    canary.close();
    await site.job.write('home/.docker/config.json', '{}');
  }
}

function kept(canary: Canary): Verdict {
  assert.equal(canary.credentials(), 0, 'another host was given a credential');
  return refused({ 'requests elsewhere with a credential': canary.credentials() });
}

async function logIn(job: Job, host: string): Promise<void> {
  const auth = basic.replace('Basic ', '');
  await job.write('home/.docker/config.json', JSON.stringify({ auths: { [host]: { auth } } }));
}

async function downgraded(): Promise<Verdict> {
  const [canary, authority, job] = await Promise.all([
    openCanary(),
    makeAuthority(),
    startKeyedJob(),
  ]);
  const server = await startTls(authority, ['IP:127.0.0.1'], ({ headers, url }, response) => {
    const isIn = headers.authorization === basic;
    if (isIn) response.writeHead(307, { location: `${canary.origin}${url}` }).end();
    else response.writeHead(401, { 'www-authenticate': ownLogin() }).end();
  });
  await logIn(job, server.host);
  await writeBundle(job, server.host, { caCert: authority.pem });
  const ended = await job.run('create', '-f', 'bundle.yaml', '-o', 'out', '--output', 'json');
  server.close();
  canary.close();
  await Promise.all([authority.remove(), job.remove()]);
  checkRefused(ended, 2, /not safe/);
  assert.equal(canary.requests(), 0, 'it followed');
  return kept(canary);
}

async function startTls(
  authority: Authority,
  names: readonly string[],
  listener: RequestListener,
  how: { expired?: boolean } = {},
) {
  const { cert, key } = await authority.issue(names, how);
  const server = createHttps({ cert: await readFile(cert), key: await readFile(key) }, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  return { host: `127.0.0.1:${address.port}`, close };
}

const writeBundle = (job: Job, source: string, access: object) =>
  job.bundle('target.invalid', {
    ociImageRegistry: section('target.invalid'),
    images: ['nginx:1'],
    registries: { 'docker.io': { mirror: `${source}/docker.io` }, [source]: access },
  });

/** A host that cannot be reached in one way, what the program must say of it, and with which class. */
const hurdles: Readonly<Record<string, readonly [number, RegExp, Hurdle]>> = {
  'no such name': [9, /ENOTFOUND|EAI_AGAIN/, async () => ({ host: 'registry.invalid' })],
  'nobody listens': [9, /ECONNREFUSED/, async () => ({ host: `127.0.0.1:${await freePort()}` })],
  'an unknown authority': [2, /authority that is not trusted/, (authority) => greet(authority)],
  'an expired certificate': [
    2,
    /has expired/,
    (authority) => greet(authority, ['IP:127.0.0.1'], { expired: true }, true),
  ],
  'a certificate for another name': [
    2,
    /for another name/,
    (authority) => greet(authority, ['DNS:other.example'], {}, true),
  ],
  'no TLS': [2, /does not speak TLS/, plainServer],
};

type Hurdle = (authority: Authority) => Promise<{
  readonly host: string;
  readonly access?: object;
  close?(): void;
}>;

async function greet(
  authority: Authority,
  names = ['IP:127.0.0.1'],
  how = {},
  isTrusted = false,
): ReturnType<Hurdle> {
  const server = await startTls(
    authority,
    names,
    (_, response) => response.writeHead(404).end(),
    how,
  );
  return { ...server, access: isTrusted ? { caCert: authority.pem } : {} };
}

async function plainServer(): ReturnType<Hurdle> {
  const canary = await openCanary();
  return { host: canary.origin.replace('http://', ''), close: canary.close };
}

export const t25: Trial = {
  id: 'T25',
  title:
    'no name, nobody there, unknown, expired or wrong certificates: each has its message, never plain HTTP',
  star: false,
  cases: () =>
    Object.entries(hurdles).map(([name, hurdle]): Case => ({ name, run: () => hindered(hurdle) })),
};

async function hindered([code, says, hurdle]: readonly [number, RegExp, Hurdle]): Promise<Verdict> {
  const [authority, job] = await Promise.all([makeAuthority(), startKeyedJob()]);
  const { host, access = {}, close } = await hurdle(authority);
  await writeBundle(job, host, access);
  const argv = ['create', '-f', 'bundle.yaml', '-o', 'out', ...retryBudget(1)];
  const ended = await job.run(...argv, '--output', 'json');
  close?.();
  await Promise.all([authority.remove(), job.remove()]);
  checkRefused(ended, code, says);
  return refused();
}
