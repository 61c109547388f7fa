import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { isKeyId, loadPublicKey, parseKeyId } from './keys.ts';

/**
 * The ids that `--revoked` names: one itself, or a file, which is a public key in PEM or a list of ids, one a line,
 * with `#` before a remark. What is none of these is refused: it would revoke nothing.
 * @throws AirgapError usage
 */
export async function readRevoked(words: readonly string[], folder: string): Promise<string[]> {
  const ids = await Promise.all(words.map((word) => idsOf(word, folder)));
  return ids.flat();
}

async function idsOf(word: string, folder: string): Promise<string[]> {
  if (isKeyId(word)) return [parseKeyId(word)];
  const path = resolve(folder, word);
  const text = await readFile(path, 'latin1').catch((cause) => {
    throw neither(word, `${path}: ${cause.code}`, cause);
  });
  if (text.includes('-----BEGIN ')) return [(await loadPublicKey(path)).keyId];
  const lines = text.split(/\r?\n/).map((line) => line.replace(/#.*/, '').trim());
  const ids = lines.filter((line) => line !== '').map(parseKeyId);
  if (ids.length === 0) throw neither(word, `${path}: no id in it`);
  return ids;
}

function neither(word: string, given: string, cause?: unknown): AirgapError {
  return new AirgapError('usage', `--revoked ${word} is neither a key id nor a file of them`, {
    given,
    expected: '64 lower-case hex digits, a .pub file, or a file with one id a line',
    cause,
  });
}
