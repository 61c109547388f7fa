import type { ActionResult } from '../../src/action/run.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { AirgapError } from '../../src/report/error.ts';

const digest = `sha256:${'ab'.repeat(32)}` as Digest;

export const image = (
  source: string,
  references: readonly string[] = [],
): Inventory['images'][number] =>
  ({
    source,
    digest,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    platforms: ['linux/amd64', 'linux/arm64'],
    placements: references.map((reference) => ({ reference, askedForBy: 'both' })),
  }) as unknown as Inventory['images'][number];

/** A result as the commands give it, as far as summary, outputs and report read it. */
export function sampleResult(images = [image('nginx:1', ['h/m/nginx:1', 'h/m/library/nginx:1'])]) {
  const inventory = {
    name: 'sample',
    version: '1.0.0',
    images,
    blobs: [{ digest, size: 2048 }],
  } as unknown as Inventory;
  const result: ActionResult = {
    plan: {
      inventory,
      problems: [],
      coverage: { images: [], unmapped: [], unusedRules: [], lacking: [] },
    },
    create: {
      bundle: '/out/sample-1.0.0.tar',
      parts: ['/out/sample-1.0.0.tar'],
      sha256: 'cd'.repeat(32),
      size: 4096,
      installScript: '/out/install.sh',
      reused: 0,
      resumed: 0,
      base: null,
      leftOut: 0,
      keyId: 'key-1',
      publicKey: 'bundle.pub',
      inventoryDigest: digest,
      inventory,
    },
    errors: [],
  };
  return result;
}

export const refusal = new AirgapError('refused', 'the target refuses <b>nginx</b>', {
  given: 'HTTP 403',
  next: 'ask its owner',
});
