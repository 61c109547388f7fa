import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { readText } from './files.ts';

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Takes PEM text as it is, or reads the file that the value names.
 * @param field where it was written, for messages
 * @throws AirgapError usage for anything that is not certificates alone
 */
export async function readCertificates(
  value: string,
  folder: string,
  field: string,
): Promise<string> {
  const pem = value.includes('-----BEGIN')
    ? value
    : await readText(resolve(folder, value), `${field}: the certificate file`);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw refusal(field, 'a private key is in it');
  const blocks = pem.match(block) ?? [];
  if (blocks.length === 0) throw refusal(field, 'no certificate is in it');
  for (const one of blocks) check(one, field);
  return pem;
}

function check(pem: string, field: string): void {
  try {
    new X509Certificate(pem);
  } catch (cause) {
    throw refusal(field, 'a block in it is no certificate', cause);
  }
}

function refusal(field: string, given: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', `${field} is not a PEM certificate`, {
    given,
    expected: 'one or more -----BEGIN CERTIFICATE----- blocks, or the path of such a file',
    cause,
  });
}
