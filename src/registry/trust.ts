import { X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';

// As Go looks for them, and so docker and oras.
const bundles = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/tls/cacert.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** Authorities for every host: Node's own, the operating system's, and those the environment names. */
export async function systemTrust(env: Context['env']): Promise<readonly string[]> {
  const files = env.SSL_CERT_FILE ? [env.SSL_CERT_FILE] : bundles;
  const texts = [
    ...rootCertificates,
    await firstText(files),
    ...(await Promise.all(
      (env.SSL_CERT_DIR ?? '')
        .split(':')
        .filter(Boolean)
        .map((folder) => folderTexts(folder)),
    )),
    env.NODE_EXTRA_CA_CERTS ? await textOf(env.NODE_EXTRA_CA_CERTS) : '',
  ];
  return [...new Set(texts.flatMap(certificatesIn))];
}

/** What docker trusts for this one host: the `.crt` files of its folder. */
export async function dockerTrust(
  host: string,
  folder = '/etc/docker/certs.d',
): Promise<readonly string[]> {
  return certificatesIn(await folderTexts(join(folder, host), '.crt'));
}

/** @throws AirgapError('usage') when the host's own CA is no certificate. */
export function secureContext(
  host: string,
  authorities: readonly string[],
  caCert = '',
): SecureContext {
  const own = certificatesIn(caCert);
  if (caCert.trim() !== '' && (own.length === 0 || !own.every(isCertificate))) {
    throw new AirgapError('usage', `the CA given for ${host} is no certificate`, {
      expected: 'PEM, "-----BEGIN CERTIFICATE-----"',
      next: `mend caCert of registries."${host}"`,
    });
  }
  return createSecureContext({ ca: [...authorities, ...own] });
}

/** OpenSSL's own reader says nothing about a certificate that it cannot read. */
function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function certificatesIn(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
}

async function firstText(paths: readonly string[]): Promise<string> {
  for (const path of paths) {
    const text = await textOf(path);
    if (text !== '') return text;
  }
  return '';
}

async function folderTexts(folder: string, ending = ''): Promise<string> {
  const names = await readdir(folder).catch(() => []);
  const paths = names.filter((name) => name.endsWith(ending)).sort();
  return (await Promise.all(paths.map((name) => textOf(join(folder, name))))).join('\n');
}

function textOf(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '');
}
