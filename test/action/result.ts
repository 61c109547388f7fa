import type { ActionResult } from '../../src/action/run.ts';
import type { Digest } from '../../src/oci/digest.ts';
import type { Inventory } from '../../src/plan/inventory.ts';
import { AirgapError } from '../../src/report/error.ts';

const digest = `sha256:${'ab'.repeat(32)}` as Digest;

export const image = (
  source: string,
  references: readonly string[] = [],
): Inventory['images'][number] => ({
  source,
  digest,
  mediaType: 'application/vnd.oci.image.index.v1+json',
  size: 500,
  platforms: ['linux/amd64', 'linux/arm64'],
  placements: references.map((reference) => ({ reference, askedForBy: 'both' })),
  pinnedBy: 'tag',
});

/** An inventory of these images for `h/m`. */
export function sampleInventory(images: Inventory['images']): Inventory {
  return {
    schemaVersion: 1,
    name: 'sample',
    version: '1.0.0',
    sequence: 1,
    createdAt: '2026-01-01T00:00:00Z',
    tool: { name: 'airgap-bundle', version: '1.0.0' },
    target: {
      endpoint: 'h',
      baseContentPath: 'm',
      plainHttp: false,
      insecureSkipVerify: false,
      mirrorMap: 'docker.io::h/m\n',
      environment: 'airgap',
    },
    platforms: [],
    images,
    files: [],
    blobs: [{ digest, size: 2048 }],
    imagesNotEmbedded: true,
  };
}

/** A result as the commands give it. */
export function sampleResult(
  images = [image('nginx:1', ['h/m/nginx:1', 'h/m/library/nginx:1'])],
): ActionResult {
  const inventory = sampleInventory(images);
  return {
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
}

export const refusal = new AirgapError('refused', 'the target refuses <b>nginx</b>', {
  given: 'HTTP 403',
  next: 'ask its owner',
});
