import { load } from 'js-yaml';
import * as z from 'zod';
import { AirgapError } from '../report/error.ts';

/** Where a bundle has the Secret `registry-info`. */
export const secretPath = 'registry-secret.yaml';

/**
 * The keys of the Secret whose values differ, in the order of the second; never a value.
 * @param from bytes of `registry-secret.yaml`
 * @throws AirgapError integrity for a Secret that no version of this tool has written
 */
export function changedSecretKeys(from: Buffer, to: Buffer): string[] {
  const [older, newer] = [dataOf(from), dataOf(to)];
  const keys = new Set([...Object.keys(newer), ...Object.keys(older)]);
  return [...keys].filter((key) => older[key] !== newer[key]);
}

const form = z.looseObject({ stringData: z.record(z.string(), z.string()) });

function dataOf(bytes: Buffer): Record<string, string> {
  try {
    return form.parse(load(bytes.toString())).stringData;
  } catch (cause) {
    throw new AirgapError(
      'integrity',
      `${secretPath} of the bundle is of another form than is known`,
      {
        expected: 'a Secret with stringData',
        next: 'use the bundle.js that came with the bundle',
        cause,
      },
    );
  }
}
