import { AirgapError } from '../../report/error.ts';
import { placesOf, readNodeText } from './files.ts';
import type { Authority } from './way.ts';
import { shown } from './words.ts';

/**
 * A file of certificates that a node's file names.
 * @param folder what a relative path starts from, or what stands for /etc/containerd
 * @param besideFile whether it must be here
 */
export async function authorityAt(
  named: string,
  folder: string,
  besideFile: boolean,
): Promise<Authority> {
  for (const place of placesOf(named, folder)) {
    const pem = await readNodeText(place).catch((error: unknown) => {
      if (error instanceof AirgapError) return undefined;
      throw error;
    });
    if (pem !== undefined) return { named: shown(named), besideFile, pem };
  }
  return { named: shown(named), besideFile, pem: undefined };
}

/** Whether a PEM file has every certificate of another one. */
export function holdsAll(pem: string, wanted: string): boolean {
  const has = new Set(certificatesIn(pem));
  return certificatesIn(wanted).every((one) => has.has(one));
}

function certificatesIn(pem: string): string[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*/g) ?? [];
  return blocks.map((block) => block.replace(/^-+[^-]*-+|\s/g, ''));
}
