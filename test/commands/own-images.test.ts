import { describe, expect, test } from 'vitest';
import { ownImageProblems, ownImageReferences, ownImages } from '../../src/commands/own-images.ts';
import type { BundleSpec } from '../../src/inputs/spec.ts';
import type { Chart, OwnImages } from '../../src/install/chart.ts';
import { digestOf } from '../../src/oci/digest.ts';
import { image, pageMap, planOf, spec } from '../plan/setting.ts';

const base = 'harbor.example.org/airgap-images';
const digest = digestOf(Buffer.from('own'));

function chart(own?: OwnImages): Chart {
  const bytes = Buffer.from('chart');
  return {
    name: 'image-swap',
    version: '1.5.3',
    digest: digestOf(bytes),
    fileName: 'image-swap-1.5.3.tgz',
    bytes,
    spelling: 'nested',
    ...(own ? { ownImages: own } : {}),
  };
}

function withOwn(imageSwap: BundleSpec['imageSwap']): BundleSpec {
  return { ...spec(pageMap), imageSwap };
}

/** The references that the values would carry. */
function references(bundle: BundleSpec, of: Chart | undefined): OwnImages {
  const own = ownImages(bundle, of);
  return ownImageReferences(
    planOf(
      bundle,
      own.listed.map((one) => image(one.image)),
    ),
    own,
  );
}

describe("image-swap's own images", () => {
  test.each<[string, BundleSpec['imageSwap'], OwnImages | undefined, string[], OwnImages]>([
    [
      'as bundle.yaml names them',
      { initImage: 'quay.io/i:1', image: 'ghcr.io/s:1' },
      undefined,
      ['quay.io/i:1', 'ghcr.io/s:1'],
      { init: `${base}/quay.io/i:1`, image: `${base}/ghcr.io/s:1` },
    ],
    [
      'as the chart names them',
      {},
      { init: 'quay.io/i:1', image: 'ghcr.io/s:1' },
      ['quay.io/i:1', 'ghcr.io/s:1'],
      { init: `${base}/quay.io/i:1`, image: `${base}/ghcr.io/s:1` },
    ],
    [
      'bundle.yaml over the chart',
      { image: 'ghcr.io/s:2' },
      { image: 'ghcr.io/s:1' },
      ['ghcr.io/s:2'],
      { image: `${base}/ghcr.io/s:2` },
    ],
    [
      'by digest',
      { image: `ghcr.io/s:1@${digest}` },
      undefined,
      [`ghcr.io/s:1@${digest}`],
      { image: `${base}/ghcr.io/s@${digest}` },
    ],
    [
      'without a tag',
      { image: 'ghcr.io/s' },
      undefined,
      ['ghcr.io/s'],
      { image: `${base}/ghcr.io/s:latest` },
    ],
    [
      'named in the target already',
      { image: `${base}/s:1` },
      undefined,
      [],
      { image: `${base}/s:1` },
    ],
    [
      'that nothing maps stay as they are',
      { image: 'example.org/s:1' },
      undefined,
      ['example.org/s:1'],
      { image: 'example.org/s:1' },
    ],
    ['unknown', {}, undefined, [], {}],
  ])('%s', (_, imageSwap, ofChart, listed, expected) => {
    const bundle = withOwn(imageSwap);
    expect(ownImages(bundle, chart(ofChart)).listed.map((one) => one.image)).toEqual(listed);
    expect(references(bundle, chart(ofChart))).toEqual(expected);
  });

  test.each<[string, BundleSpec['imageSwap'], string[]]>([
    ['of bundle.yaml', { image: 'ghcr.io/s:2' }, ['imageSwap.image']],
    ['of the chart', {}, ['from the chart; imageSwap.image sets another']],
  ])('an error says where they were named: %s', (_, imageSwap, expected) => {
    const own = ownImages(withOwn(imageSwap), chart({ image: 'ghcr.io/s:1' }));
    expect(own.listed.map(({ origin }) => origin)).toEqual(expected);
  });

  test.each<[string, BundleSpec, Chart | undefined, string[]]>([
    ['known', withOwn({ initImage: 'quay.io/i:1', image: 'ghcr.io/s:1' }), chart(), []],
    [
      'one unknown',
      withOwn({ image: 'ghcr.io/s:1' }),
      chart(),
      ["own-images: image-swap's own images are not known: the chart's values do not name them"],
    ],
    [
      'in the target',
      withOwn({ initImage: `${base}/i:1`, image: `${base}/s:1` }),
      chart(),
      [
        `own-images: ${base}/i:1 and ${base}/s:1: named in the target already, so not mirrored: the source is not known`,
      ],
    ],
    ['no chart wanted', { ...withOwn({}), environment: 'non-airgap' }, undefined, []],
  ])('problems: %s', (_, bundle, of, expected) => {
    const problems = ownImageProblems(bundle, ownImages(bundle, of));
    expect(problems.map(({ kind, message }) => `${kind}: ${message}`)).toEqual(expected);
    expect(problems.filter(({ severity }) => severity !== 'warning')).toEqual([]);
  });
});
