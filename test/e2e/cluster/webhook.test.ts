import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { ownImages } from '../../../demo/samples.ts';
import { type PatchStep, type Pod, startAdmission } from '../../helpers/admission.ts';
import { digestOfReference } from '../../helpers/ask.ts';
import { recordedMaps } from '../../helpers/webhook-answers.ts';
import { type Asked, register } from './image-swap.ts';
import { endpoint, startWebhookSite, type WebhookSite, wanted } from './webhook-site.ts';

// A cluster beside all other tests on two cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 300_000 });

const at = `${endpoint}/airgap-images`;
/** The page's map as the chart completes it, and what the real webhook said by it. */
const recorded = recordedMaps.at(-1) ?? { map: '', images: [] };
/** Of the images that it was asked about those that a registry can hold under that name. */
const tagged = recorded.images
  .map(({ image }) => image)
  .filter((image) => !/@|^localhost:|^harbor\.|^mcr\./.test(image));

let site: WebhookSite;
beforeAll(async () => {
  site = await startWebhookSite(tagged);
});
afterEach(() => site.imageSwap.useMap(site.map));
afterAll(() => site?.stop());

const twice = (image: string) => [image, image];
const askedSince = (from: number) => site.imageSwap.asked.slice(from).map(({ image }) => image);

describe('a pod for every image', () => {
  const byRule = () => [...site.pinned, ...Object.values(ownImages)];
  let asked: readonly Asked[];
  let pods: Record<string, string[]>;
  beforeAll(async () => {
    await site.openNamespace('apps');
    await site.run('apps', [...recorded.images.map(({ image }) => image), ...byRule()]);
    asked = [...site.imageSwap.asked];
    pods = await site.kept('apps');
  });

  test('the chart has the very map that the real webhook was recorded with', () => {
    expect(site.map).toBe(recorded.map);
    const by = (kind: Asked['by']) =>
      new Set(asked.filter((one) => one.by === kind).map(({ image }) => image));
    expect(by('recording')).toEqual(new Set(recorded.images.map(({ image }) => image)));
    expect(by('rule')).toEqual(new Set(byRule()));
  });

  test('the API server keeps what the real webhook answered', () => {
    for (const { image, webhook } of recorded.images)
      expect([image, pods[image]]).toEqual([image, 'image' in webhook && twice(webhook.image)]);
  });

  test('is rewritten to where the plan has placed the image, which is there as signed', async () => {
    const sources = site.inventory.images.map(({ source }) => source);
    expect(sources.sort()).toEqual([...tagged, ...byRule()].sort());
    for (const { source, digest, placements } of site.inventory.images) {
      const placed = placements
        .filter(({ askedForBy }) => askedForBy !== 'containerd')
        .map(({ reference }) => reference);
      const [image = '', again] = pods[source] ?? [];
      expect(again).toBe(image);
      const expected = image === source ? [] : placedFor(image, digest);
      expect([source, placed]).toEqual([source, expected]);
      for (const reference of placed.length > 0 ? [image, ...placed] : []) {
        const found = await digestOfReference(site.target.host, reference);
        expect([reference, found]).toEqual([reference, digest]);
      }
    }
  });
});

/** The references by which the target has what a pod names; a digest has a tag of its own. */
function placedFor(image: string, digest: string): string[] {
  const [name = '', pin] = image.split('@');
  const [, repository = '', tag] = /^(.*?)(?::([^:/]*))?$/.exec(name) ?? [];
  if (pin === undefined) return [`${repository}:${tag ?? 'latest'}`];
  expect(pin).toBe(digest);
  return [...(tag ? [name] : []), `${repository}:airgap-${digest.slice(7, 19)}`];
}

const disabled = 'k8s.twr.io/imageswap=disabled';

test.each([
  ['that does not want it', wanted, { 'k8s.twr.io/imageswap': 'disabled' }, 'nginx:1.27', 0],
  ['in a namespace that does not want it', disabled, {}, 'nginx:1.27', 0],
  ['in a namespace that says nothing', 'other=label', {}, 'nginx:1.27', 0],
  ['whose image no rule maps', wanted, {}, 'public.ecr.aws/x/y:1', 2],
  ['whose image is in the target', wanted, {}, `${at}/docker.io/nginx:1.27`, 2],
])('a pod %s stays as it is', async (why, namespaceLabel, labels, image, times) => {
  const namespace = why.replaceAll(' ', '-');
  await site.openNamespace(namespace, namespaceLabel);
  const from = site.imageSwap.asked.length;
  await site.run(namespace, [image], labels);
  expect(await site.kept(namespace)).toEqual({ [image]: twice(image) });
  expect(askedSince(from)).toHaveLength(times);
});

describe('asked again', () => {
  const update = (namespace: string) =>
    site.cluster.kubectl('label', 'pods', '--all', '--namespace', namespace, 'updated=yes');

  test('about its own output, when every pod is updated, it changes nothing', async () => {
    const before = await site.kept('apps');
    const from = site.imageSwap.asked.length;
    await update('apps');
    expect(new Set(askedSince(from))).toEqual(new Set(Object.values(before).flat()));
    expect(await site.kept('apps')).toEqual(before);
  });

  test('about an image that an update brings, it rewrites that one', async () => {
    await site.openNamespace('updated');
    await site.run('updated', ['nginx:1.27']);
    const pod = ['--namespace=updated', 'pod/pod-0'];
    await site.cluster.kubectl('set', 'image', ...pod, 'main=ghcr.io/fluxcd/flux:1');
    expect(await site.kept('updated')).toEqual({
      'nginx:1.27': [`${at}/docker.io/nginx:1.27`, `${at}/ghcr.io/fluxcd/flux:1`],
    });
  });

  test('after a later webhook added a container, it rewrites that one alone', async () => {
    const sidecar = await startAdmission(site.authority, addSidecar);
    await register(site.cluster, sidecar, 'sidecar-injector');
    await site.until(/name: sidecar/);
    await site.openNamespace('injected');
    const from = site.imageSwap.asked.length;
    await site.run('injected', ['nginx:1.27']);
    await site.cluster.kubectl('delete', 'mutatingwebhookconfiguration', 'sidecar-injector');
    await site.until(/^(?![\s\S]*name: sidecar)/);
    await sidecar.stop();
    const nginx = `${at}/docker.io/nginx:1.27`;
    const flux = 'ghcr.io/fluxcd/flux:1';
    expect(askedSince(from).slice(0, 5)).toEqual([...twice('nginx:1.27'), nginx, flux, nginx]);
    const kept = { 'nginx:1.27': [...twice(nginx), `${at}/${flux}`] };
    expect(await site.kept('injected')).toEqual(kept);
  });

  test('by a map that the plan calls a rewrite loop, it rewrites its own output', async () => {
    const loop = [`default::${at}/all`, 'noswap_wildcards::other.example.org'];
    await site.describe(loop.join(','), ['quay.io/calico/node:v3.30.3']);
    const { exitCode, json } = await site.job.run('plan', '-f', 'bundle.yaml', '--output=json');
    expect(exitCode).toBe(2);
    expect(json.problems.map(({ kind }) => kind)).toContain('rewrite-loop');

    site.imageSwap.useMap(loop.join('\n'));
    await site.openNamespace('loop');
    const kept = async () => Object.values(await site.kept('loop')).flat();
    await site.run('loop', ['quay.io/calico/node:v3.30.3']);
    expect(await kept()).toEqual(twice(`${at}/all/calico/node:v3.30.3`));
    await update('loop');
    expect(await kept()).toEqual(twice(`${at}/all/airgap-images/all/calico/node:v3.30.3`));
  });
});

function addSidecar({ spec: { containers } }: Pod): PatchStep[] {
  if (containers.some(({ name }) => name === 'sidecar')) return [];
  const value = { name: 'sidecar', image: 'ghcr.io/fluxcd/flux:1' };
  return [{ op: 'add', path: '/spec/containers/-', value }];
}

test('a pod on which the real webhook failed is refused', async () => {
  const [failing] = recordedMaps.flatMap(({ map, images }) =>
    images.flatMap(({ image, webhook }) => ('error' in webhook ? [{ map, image }] : [])),
  );
  site.imageSwap.useMap(failing?.map ?? '');
  await site.openNamespace('refused');
  const made = site.run('refused', [failing?.image ?? '']);
  await expect(made).rejects.toThrow(/failed calling webhook "imageswap\.webhook\.k8s\.twr\.io"/);
  expect(site.imageSwap.asked.at(-1)).toEqual({ image: failing?.image, by: 'recording' });
  expect(await site.kept('refused')).toEqual({});
});
