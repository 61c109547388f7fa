import { X509Certificate } from 'node:crypto';
import { resolve } from 'node:path';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { readText } from './files.ts';

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/**
 * Takes PEM text as it is, or reads the file that the value names.
 * @param field where it was written, for messages
 * @throws AirgapError usage for anything that is not certificates alone, or when no chain could end at any of them
 */
export async function readCertificates(
  value: string,
  folder: string,
  field: string,
  { now }: Pick<Context, 'now'>,
): Promise<string> {
  const pem = value.includes('-----BEGIN')
    ? value
    : await readText(resolve(folder, value), `${field}: the certificate file`);
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem))
    throw refusal(field, 'a private key is in it');
  const blocks = pem.match(block) ?? [];
  if (blocks.length === 0) throw refusal(field, 'no certificate is in it');
  checkTrust(
    blocks.map((one) => parse(one, field)),
    field,
    now(),
  );
  return pem;
}

function parse(pem: string, field: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw refusal(field, 'a block in it is no certificate', cause);
  }
}

/** One that can be trusted is enough: what servers and other authorities are beside it does no harm. */
function checkTrust(all: readonly X509Certificate[], field: string, now: Date): void {
  const anchors = all.filter((one) => one.ca || one.checkIssued(one));
  if (anchors.length === 0) {
    throw new AirgapError('usage', `${field} holds no certificate authority`, {
      given: all.map(({ subject }) => `a certificate of ${withCommas(subject)}`).join('; '),
      expected: `the certificate of who issued it: ${withCommas(all[0]?.issuer)}`,
      next: 'ask who runs the registry for the certificate of the authority, in PEM',
    });
  }
  if (anchors.some(({ validTo }) => Date.parse(validTo) > now.getTime())) return;
  throw new AirgapError('usage', `${field} has expired`, {
    given: anchors.map((one) => `${withCommas(one.subject)}, until ${one.validTo}`).join('; '),
    expected: 'a certificate authority that is valid now',
    next: 'ask who runs the registry for the current one, or set the clock of this host',
  });
}

/** Names have a line for each of their parts. */
function withCommas(name = ''): string {
  return name.replaceAll('\n', ', ');
}

function refusal(field: string, given: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', `${field} is not a PEM certificate`, {
    given,
    expected: 'one or more -----BEGIN CERTIFICATE----- blocks, or the path of such a file',
    cause,
  });
}
