import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runPod } from '../doctor-site.ts';
import type { Breakage } from './breakage.ts';
import { tag } from './tag.ts';

/** Images of pods. */
export const ofPods: readonly Breakage[] = [
  {
    check: 'pods',
    what: 'an image that is nowhere',
    breaks: ({ site }) => runPod(site.cluster, 'ghost', 'ghost:5'),
    evidence:
      /\nneither in the bundle nor in the registry:\n {2}ghost:5 \(default\/ghost\), asked for as \S+\/m\/docker\.io\/ghost:5$/,
    cure: /^add these images to bundle\.yaml/,
  },
  {
    check: 'pods',
    what: 'an image of somebody else',
    breaks: async ({ site }) => {
      const { host } = site.target;
      await site.moveTag(`${host}/m/docker.io/nginx:1`, `${host}/m/docker.io/theirs:1`);
      await runPod(site.cluster, 'theirs', 'theirs:1');
    },
    heals: async (at) => {
      const theirs = join(dirname(tag(at)), '../../..', 'theirs');
      await rm(theirs, { recursive: true });
    },
    status: 'warning',
    evidence: /\nin the registry, but not of this bundle:\n {2}theirs:1 \(default\/theirs\), /,
    cure: /^add these images to bundle\.yaml/,
  },
  {
    check: 'unmapped-images',
    what: 'an image that no rule covers',
    breaks: ({ site }) => runPod(site.cluster, 'pause', 'registry.k8s.io/pause:3.10'),
    status: 'warning',
    evidence: /^no rule of the map covers:\n {2}registry\.k8s\.io\/pause:3\.10 \(default\/pause\)$/,
    cure: /mirrorRegistries/,
  },
];
