import { startKeyedJob } from '../../test/helpers/job.ts';
import { freePort } from '../../test/helpers/registry.ts';
import { type Authority, makeAuthority } from '../../test/helpers/tls.ts';
import { checkRefused } from '../checks.ts';
import { retryBudget } from '../knobs.ts';
import { type Case, refused, type Trial, type Verdict } from '../trial.ts';
import { openCanary, startTls, writeBundle } from './strangers.ts';

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
