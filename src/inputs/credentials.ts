import { AirgapError } from '../report/error.ts';
import type { BundleDocument } from './schema.ts';
import type { BundleSpec } from './spec.ts';

/** What age takes by `--recipient`: its own public keys, and those of SSH. */
const recipient = /^(age1[a-z0-9]+|ssh-(ed25519|rsa) [A-Za-z0-9+/=]+( [^\r\n]*)?)$/;

/** @throws AirgapError usage for what age would take for something else than a public key */
export function readCredentials(
  written: BundleDocument['credentials'],
): BundleSpec['credentials'] | undefined {
  if (typeof written !== 'object') return written;
  for (const [index, text] of written.age.entries()) {
    if (!recipient.test(text)) throw noRecipient(text, index);
  }
  return written;
}

/** Who mistakes the two keys for each other does not find the private one in a log. */
function noRecipient(text: string, index: number): AirgapError {
  const isPrivate = /AGE-SECRET-KEY|AGE-PLUGIN|PRIVATE KEY/i.test(text);
  return new AirgapError('usage', `credentials.age[${index}] is no recipient of age`, {
    given: isPrivate ? 'a private key' : JSON.stringify(text.slice(0, 80)),
    expected: '`age1…`, or `ssh-ed25519 …`',
    next: isPrivate ? 'give its public key: age-keygen -y FILE' : undefined,
  });
}
