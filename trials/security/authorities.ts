import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readdir, readFile, rm } from 'node:fs/promises';
import { load } from 'js-yaml';
import { makeAuthority } from '../../test/helpers/tls.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { Desks } from './desk.ts';

const desks = new Desks({ 'docker.io/library/nginx:1': {} });

export const authorities: Trial = {
  id: 'T19',
  title: 'a CA that nothing can be trusted by is refused, and no private key is packed',
  star: false,
  isQuick: true,
  cases: (size) => {
    const all = Object.entries(table).map(([name, row]) => caseOf(name, row));
    return size === 'smoke' ? all.slice(0, 2) : all;
  },
  close: async () => {
    await desks.close();
    const last = await made;
    made = undefined;
    await last?.remove();
  },
};

interface Files {
  readonly ca: string;
  readonly other: string;
  readonly expired: string;
  /** A server's, and its key. */
  readonly leaf: string;
  readonly key: string;
}

let made: Promise<{ files: Files; remove(): Promise<void> }> | undefined;

async function makeFiles() {
  const [authority, other, expired] = await Promise.all([
    makeAuthority(),
    makeAuthority('another'),
    makeAuthority('the old one', { expired: true }),
  ]);
  const server = await authority.issue(['IP:127.0.0.1']);
  const files: Files = {
    ca: authority.pem,
    other: other.pem,
    expired: expired.pem,
    leaf: await readFile(server.cert, 'utf8'),
    key: await readFile(server.key, 'utf8'),
  };
  const all = [authority, other, expired];
  return { files, remove: async () => void (await Promise.all(all.map((one) => one.remove()))) };
}

interface Row {
  readonly pem: (files: Files) => string | Buffer;
  /** Absent: it is carried as it is. */
  readonly says?: RegExp;
}

const noPem = /caCert is not a PEM certificate/;
const table: Readonly<Record<string, Row>> = {
  'a private key beside it': { pem: ({ ca, key }) => ca + key, says: /a private key is in it/ },
  'CRLF, a chain of three': {
    pem: ({ leaf, other, ca }) => `${leaf}${other}${ca}`.replaceAll('\n', '\r\n'),
  },
  'a private key alone': { pem: ({ key }) => key, says: /a private key is in it/ },
  'an encrypted private key': {
    pem: ({ ca, key }) => ca + encrypted(key),
    says: /a private key is in it/,
  },
  garbage: { pem: () => 'to be done', says: noPem },
  'garbage between the marks': {
    pem: () => '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    says: noPem,
  },
  DER: { pem: ({ ca }) => Buffer.from(new X509Certificate(ca).raw), says: noPem },
  empty: { pem: () => '', says: noPem },
  expired: { pem: ({ expired }) => expired, says: /caCert has expired/ },
  "a server's": { pem: ({ leaf }) => leaf, says: /caCert holds no certificate authority/ },
  'one expired, one not': { pem: ({ expired, ca }) => expired + ca },
};

function encrypted(key: string): string {
  const flags = ['-topk8', '-v2', 'aes-256-cbc', '-passout', 'pass:test'];
  return execFileSync('openssl', ['pkcs8', ...flags], { input: key, encoding: 'utf8' });
}

function caseOf(name: string, row: Row): Case {
  return { name, run: () => create(row) };
}

async function create({ pem, says }: Row): Promise<Verdict> {
  const { job } = await desks.at();
  made ??= makeFiles();
  const { files } = await made;
  const given = pem(files);
  await job.write('ca.pem', given);
  await rm(job.path('out'), { recursive: true, force: true });
  const fields = { images: ['nginx:1'], section: { caCert: 'ca.pem' } };
  const ended = await desks.run(fields, 'create', '-o', 'out');
  const said = ended.stdout + ended.stderr;
  for (const line of keyLines(files)) assert.ok(!said.includes(line), 'the key is shown');
  if (says) {
    assert.equal(ended.exitCode, 2, ended.stderr);
    assert.match(ended.stderr, says);
    assert.deepEqual(await readdir(job.path('out')).catch(() => []), []);
    return refused();
  }
  assert.equal(ended.exitCode, 0, ended.stderr);
  const tar = ['-xOf', job.path('out', 'sample-1.0.0.tar')];
  const read = (path: string) => load(execFileSync('tar', [...tar, path], { encoding: 'utf8' }));
  const secret = read('registry-secret.yaml') as { stringData: { CA_CERT: string } };
  assert.equal(secret.stringData.CA_CERT, given, 'the Secret');
  const values = read('values.yaml') as { config: { ociImageRegistry: { caCert: string } } };
  assert.equal(values.config.ociImageRegistry.caCert, given, 'values.yaml');
  return survived();
}

const keyLines = ({ key }: Files): string[] => key.trim().split('\n').slice(1, -1);
