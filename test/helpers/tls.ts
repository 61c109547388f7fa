import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export interface ServerCertificate {
  /** Paths of PEM files. */
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  readonly folder: string;
  /** PEM. */
  readonly pem: string;
  readonly path: string;
  /** A server certificate for names (`IP:127.0.0.1`, `DNS:localhost`). */
  issue(names: readonly string[], options?: { expired?: boolean }): Promise<ServerCertificate>;
  remove(): Promise<void>;
}

export interface AuthorityOptions {
  readonly expired?: boolean;
  /** Its certificate says that it issues none: a server's that nobody else has issued. */
  readonly isServer?: boolean;
}

/** A certificate authority of our own, made by the real openssl in a temporary folder. */
export async function makeAuthority(
  name = 'airgap test authority',
  { expired = false, isServer = false }: AuthorityOptions = {},
): Promise<Authority> {
  const folder = await mkdtemp(join(tmpdir(), 'airgap-ca-'));
  const [path, key] = [join(folder, 'ca.pem'), join(folder, 'ca.key')];
  const use = isServer
    ? 'basicConstraints=critical,CA:FALSE'
    : 'keyUsage=critical,keyCertSign,cRLSign';
  const subject = ['-subj', `/CN=${name}`, '-addext', use, '-keyout', key];
  await writeFile(join(folder, 'index.txt'), '');
  await writeFile(join(folder, 'openssl.cnf'), configuration(folder));
  if (expired) await makeExpired(folder, subject, path);
  else await run('openssl', ['req', '-x509', ...newKey, ...subject, '-out', path]);
  return {
    folder,
    path,
    pem: await readFile(path, 'utf8'),
    issue: (names, { expired = false } = {}) => issue(folder, names, expired),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function makeExpired(
  folder: string,
  subject: readonly string[],
  path: string,
): Promise<void> {
  const request = join(folder, 'ca.csr');
  await run('openssl', ['req', ...newKey, ...subject, '-out', request]);
  const signing = ['-selfsign', '-keyfile', join(folder, 'ca.key'), '-extensions', 'authority'];
  await run('openssl', ['ca', ...fixed(folder), ...past, ...signing, '-in', request, '-out', path]);
}

const past = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
const fixed = (folder: string) => ['-config', join(folder, 'openssl.cnf'), '-batch', '-notext'];

async function issue(
  folder: string,
  names: readonly string[],
  expired: boolean,
): Promise<ServerCertificate> {
  const stem = join(folder, randomUUID());
  const [cert, key, request] = [`${stem}.pem`, `${stem}.key`, `${stem}.csr`];
  const subject = [
    '-subj',
    '/CN=airgap test server',
    '-addext',
    `subjectAltName=${names.join(',')}`,
  ];
  await run('openssl', ['req', ...newKey, ...subject, '-keyout', key, '-out', request]);
  const span = expired ? past : [];
  await run('openssl', ['ca', ...fixed(folder), ...span, '-in', request, '-out', cert]);
  return { cert, key };
}

/** `openssl ca`, because `openssl x509` cannot date a certificate back. */
function configuration(folder: string): string {
  return `
[ca]
default_ca = own
[own]
dir = ${folder}
database = ${folder}/index.txt
new_certs_dir = ${folder}
certificate = ${folder}/ca.pem
private_key = ${folder}/ca.key
rand_serial = yes
unique_subject = no
default_md = sha256
default_days = 30
policy = any
copy_extensions = copy
x509_extensions = server
[any]
commonName = supplied
[server]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = serverAuth
[authority]
basicConstraints = critical,CA:TRUE
`;
}
