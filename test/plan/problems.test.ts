import { describe, expect, test } from 'vitest';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import type { Plan, ResolvedImage } from '../../src/plan/plan.ts';
import type { Problem } from '../../src/plan/problem.ts';
import { AirgapError } from '../../src/report/error.ts';
import { digestOfImage, graphOf, image, planOf, problemsOf, sample, spec } from './setting.ts';

const hub = 'default::\ndocker.io::harbor.example.org/airgap-images/hub';
const found = (plan: Plan) => problemsOf(plan);
const unresolved = (name: string, failure?: AirgapError): ResolvedImage => {
  const { graph: _, ...rest } = image(name);
  return { ...rest, ...(failure ? { failure } : {}) };
};
const noName: ResolvedImage = {
  listed: { image: 'NGINX', origin: 'images.txt:3' },
  reference: { registry: '', repository: '' },
  failure: new AirgapError('usage', 'not an image name: upper case'),
};
const [one, other] = [image('a.example/x:1', { seed: '1' }), image('b.example/x:1', { seed: '2' })];
const sharing =
  'default::\na.example::harbor.example.org/airgap-images/s\nb.example::harbor.example.org/airgap-images/s';
const index = image('nginx:1', { platforms: ['linux/amd64', 'linux/arm64'], attestation: true });
const pinned = `nginx@${digestOfImage(index)}`;

/** Every kind of problem that the plan finds: its cause, how bad it is, and the words. */
const table: [Problem['kind'], Problem['severity'], () => Plan, Partial<Problem>][] = [
  [
    'collision',
    'error',
    () => planOf(spec(sharing), [one, other]),
    {
      images: ['a.example/x:1', 'b.example/x:1'],
      message: `a.example/x:1 (${digestOfImage(one)}) and b.example/x:1 (${digestOfImage(other)}) would both be harbor.example.org/airgap-images/s/x:1`,
      cure: 'give the two source registries different targets in mirrorRegistries, or leave one image out',
    },
  ],
  [
    'rewrite-loop',
    'error',
    () =>
      planOf(
        spec(
          'default::harbor.example.org/airgap-images\nnoswap_wildcards::gcr.io\nquay.io::harbor.example.org/airgap-images',
        ),
        [image('quay.io/a:1')],
      ),
    {
      images: ['quay.io/a:1'],
      message:
        'quay.io/a:1 becomes harbor.example.org/airgap-images/a:1, which the webhook would rewrite again to harbor.example.org/airgap-images/airgap-images/a:1',
      cure: 'noswap_wildcards::gcr.io,harbor.example.org',
    },
  ],
  [
    'library-without-docker.io',
    'error',
    () => planOf(spec('default::\ndocker.io/library::harbor.example.org/airgap-images/l'), []),
    {
      message:
        'the map has docker.io/library but not docker.io: the webhook would refuse every pod with another image of docker.io',
      cure: 'add docker.io::harbor.example.org/airgap-images/docker.io',
    },
  ],
  [
    'outside-target',
    'error',
    () => planOf(spec('default::\nquay.io::other.example/q'), []),
    {
      message:
        'mirror map 2:1 (quay.io): the target other.example/q does not lie under harbor.example.org/airgap-images',
      cure: 'correct the entry, or endpoint and baseContentPath',
    },
  ],
  [
    'outside-target',
    'error',
    () => planOf(spec('default::\nquay.io::https://harbor.example.org/airgap-images'), []),
    {
      cure: 'write harbor.example.org/airgap-images: a target has no scheme',
    },
  ],
  [
    'outside-target',
    'error',
    () =>
      planOf(spec('default::\n[REPLACE]quay.io/*::harbor.example.org/airgap-images/UP'), [
        image('quay.io/a:1'),
      ]),
    {
      images: ['quay.io/a:1'],
      message:
        'quay.io/a:1 would become harbor.example.org/airgap-images/UP/a:1, which is no image reference',
      cure: 'correct the target in the map',
    },
  ],
  [
    'unresolved',
    'error',
    () => planOf(spec(hub), [unresolved('nginx:1')]),
    {
      images: ['nginx:1'],
      message: 'nginx:1 (images[0]): its registry does not have it',
      cure: 'correct the name or tag',
    },
  ],
  [
    'unresolved',
    'error',
    () => planOf(spec(hub), [noName]),
    {
      images: ['NGINX'],
      message: 'NGINX (images.txt:3): not an image name: upper case',
    },
  ],
  [
    'unresolved',
    'error',
    () =>
      planOf(spec(hub), [
        unresolved(
          'nginx:1',
          new AirgapError('usage', 'no manifest', { given: 'schema 1', next: 'push it again' }),
        ),
      ]),
    {
      images: ['nginx:1'],
      message: 'nginx:1 (images[0]): no manifest (schema 1)',
      cure: 'push it again',
    },
  ],
  [
    'webhook-error',
    'error',
    () =>
      planOf(spec('default::\ndocker.io/library::harbor.example.org/airgap-images/l'), [
        image('a/b:1'),
      ]),
    {
      images: ['a/b:1'],
      message: 'a/b:1: the webhook fails with KeyError and the pod is refused',
    },
  ],
  [
    'platform-missing',
    'error',
    () => planOf(spec(hub, { platforms: ['linux/s390x', 'linux/ppc64le'] }), [index]),
    {
      images: ['nginx:1'],
      message: 'nginx:1 has none of linux/s390x, linux/ppc64le (it has linux/amd64, linux/arm64)',
      cure: 'add a platform, or leave the image out',
    },
  ],
  [
    'platform-missing',
    'warning',
    () => planOf(spec(hub, { platforms: ['linux/amd64', 'linux/s390x'] }), [index]),
    {
      images: ['nginx:1'],
      message: 'nginx:1 is not there for linux/s390x: nodes of that platform cannot run it',
      cure: 'run it on the other nodes only',
    },
  ],
  [
    'unmapped',
    'warning',
    () => planOf(spec(hub), [image('quay.io/a:1')]),
    {
      images: ['quay.io/a:1'],
      message: 'no rule maps quay.io/a:1: it will be pulled from the internet, and is not mirrored',
      cure: 'add quay.io::TARGET to the map',
    },
  ],
  [
    'no-default',
    'warning',
    () => planOf(spec('docker.io::harbor.example.org/airgap-images/hub'), [image('nginx:1')]),
    {
      images: [],
      message: 'the map has no `default`: the webhook swaps nothing unless its chart adds one',
      cure: 'make sure that the chart adds `default::` and `noswap_wildcards::harbor.example.org`, or add them to the map',
    },
  ],
  [
    'target-not-excluded',
    'warning',
    () => planOf(spec('default::harbor.example.org/airgap-images'), [image('quay.io/a:1')]),
    {
      images: ['quay.io/a:1'],
      message:
        'the map does not take harbor.example.org out of swapping: unless the chart does, the webhook rewrites its own answers',
      cure: 'make sure that the chart adds `noswap_wildcards::harbor.example.org`, or add it to the map',
    },
  ],
  [
    'v2-in-target',
    'warning',
    () =>
      planOf(spec('default::\ndocker.io::harbor.example.org/v2/airgap-images/hub'), [
        image('nginx:1'),
      ]),
    {
      images: [],
      message:
        "mirror map 2:1 (docker.io): with /v2/ in the target the webhook's pods ask for /v2/v2/…, which fails; only containerd's mirrors can use it",
      cure: 'write harbor.example.org/airgap-images/hub: the containerd files of the bundle get their /v2/ by themselves',
    },
  ],
  [
    'containerd-ignores',
    'warning',
    () =>
      planOf(spec('default::\n[EXACT]quay.io/a:1::harbor.example.org/airgap-images/a:1'), [
        image('quay.io/a:1'),
      ]),
    {
      images: ['quay.io/a:1'],
      message:
        "quay.io/a:1 is mapped by an entry that containerd's mirrors do not know; only the webhook finds it",
      cure: 'add quay.io::TARGET if nodes pull it too',
    },
  ],
  [
    'moved-tag',
    'warning',
    () =>
      planOf(spec(hub), [
        image(`nginx:1@${digestOfImage(one)}`, { movedTag: digestOfImage(other) }),
      ]),
    {
      message: `nginx:1@${digestOfImage(one)}: the tag now resolves to ${digestOfImage(other)}; the digest that you wrote is taken`,
      cure: 'write the new digest if you want the new image',
    },
  ],
  [
    'latest-tag',
    'warning',
    () => planOf(spec(hub), [image('nginx')]),
    {
      message: 'nginx names no fixed version; the bundle holds what it is today',
      cure: 'write a version tag or a digest',
    },
  ],
  [
    'index-digest-kept',
    'warning',
    () =>
      planOf(spec(hub, { platforms: ['linux/amd64'] }), [
        { ...image(pinned), graph: index.graph as never },
      ]),
    {
      images: [pinned],
      cure: 'pin the digest of one platform to carry less',
    },
  ],
  [
    'attestations-dropped',
    'warning',
    () => planOf(spec(hub, { platforms: ['linux/amd64'] }), [index]),
    {
      images: ['nginx:1'],
      message: 'nginx:1: attestations in its index are dropped by the platform filter',
      cure: 'leave platforms out to keep them',
    },
  ],
];

describe('problems', () => {
  test.each(table)('%s, a matter of %s', (kind, severity, plan, expected) => {
    expect(found(plan())).toContainEqual(expect.objectContaining({ kind, severity, ...expected }));
  });

  test('a plan without any', () => {
    expect(found(planOf(spec(hub), [image('nginx:1')]))).toEqual([]);
  });

  test('a name that is none is told of once', () => {
    expect(found(planOf(spec(hub), [noName])).map(({ kind }) => kind)).toEqual(['unresolved']);
  });

  test('an index with platforms left out of none', () => {
    const plan = planOf(
      spec(hub, { platforms: ['linux/amd64', 'linux/arm64', 'unknown/unknown'] }),
      [index],
    );
    expect(found(plan)).toEqual([]);
  });

  test('an image that leaves the base path although its entry does not', () => {
    const plan = planOf(spec(hub), [image('copies/docker.io/a:1')]);
    expect(found(plan)).toContainEqual(
      expect.objectContaining({
        kind: 'outside-target',
        images: ['copies/docker.io/a:1'],
        message:
          'copies/docker.io/a:1 would become docker.io/copies/harbor.example.org/airgap-images/hub/a, which does not lie under harbor.example.org/airgap-images',
      }),
    );
  });
});

describe('the cure of a rewrite loop cures it', () => {
  test.each([
    [
      'a default without the target',
      'default::harbor.example.org/airgap-images\nnoswap_wildcards::gcr.io',
    ],
    [
      "the target's own key",
      'default::\nquay.io::harbor.example.org/airgap-images\nharbor.example.org::harbor.example.org/airgap-images/x',
    ],
  ])('%s', (_, map) => {
    const images = [image('quay.io/a:1'), image('quay.io/b:1')];
    const before = problemsOf(planOf(spec(map), images)).filter(
      ({ kind }) => kind === 'rewrite-loop',
    );
    expect(before).toHaveLength(2);
    const cured = `${map}\n${before[0]?.cure}`;
    expect(parseMirrorMap(cured).problems.filter(({ severity }) => severity === 'error')).toEqual(
      [],
    );
    expect(
      problemsOf(planOf(spec(cured), images)).filter(({ severity }) => severity === 'error'),
    ).toEqual([]);
  });

  test('the effective map excludes the target by itself', () => {
    const plan = planOf(spec('default::harbor.example.org/airgap-images'), [image('quay.io/a:1')]);
    expect(found(plan).map(({ kind }) => kind)).toEqual([
      'target-not-excluded',
      'containerd-ignores',
    ]);
  });
});

describe('what cannot be carried is refused before anything is copied', () => {
  const changed = (from: string | RegExp, to: string): ResolvedImage => {
    const { root, manifests, blobs } = sample({ layers: ['own', 'windows'] });
    const text = manifests[0]?.bytes.toString() ?? '';
    const bytes = Buffer.from(text.replace(from, to));
    const graph = graphOf({ root, manifests: [{ descriptor: root, bytes }], blobs });
    return { ...image('nginx:1'), graph };
  };
  const sha512 = `"digest":"sha512:${'ab'.repeat(64)}"`;
  test.each([
    [
      'a foreign layer of Docker',
      changed('oci.image.layer.v1', 'docker.image.rootfs.foreign.diff'),
      'foreign-layer',
    ],
    [
      'one of OCI',
      changed('oci.image.layer.v1', 'oci.image.layer.nondistributable.v1'),
      'foreign-layer',
    ],
    ['content by sha512', changed(/"digest":"[^"]*"/, sha512), 'digest-algorithm'],
    ['zstd', changed('tar+gzip', 'tar+zstd'), undefined],
  ])('%s', (_, one, kind) => {
    const { problems } = planOf(spec(hub), [one]);
    const errors = problems.filter(({ severity }) => severity === 'error');
    expect(errors.map((problem) => problem.kind)).toEqual(kind ? [kind] : []);
    for (const { message } of errors) expect(message).toContain('nginx:1');
  });
});
