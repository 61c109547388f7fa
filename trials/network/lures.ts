import { strict as assert } from 'node:assert';
import { type Job, startKeyedJob } from '../../test/helpers/job.ts';
import type { FrontAnswer, FrontRule } from '../../test/helpers/proxy.ts';
import { makeAuthority } from '../../test/helpers/tls.ts';
import { checkRefused } from '../checks.ts';
import { isBlobGet, isManifestGet, isUploadPost, type Which } from '../faults.ts';
import { retryBudget } from '../knobs.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { refused, type Trial, type Verdict } from '../trial.ts';
import { type Canary, openCanary, startTls, user, writeBundle } from './strangers.ts';

const sites = new Sites();

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
