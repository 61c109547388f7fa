import { join } from 'node:path';
import { versionOf } from '../version.ts';
import { type Contestant, mapped, type Scene } from '../works.ts';
import { inParallel } from './lists.ts';

const mirror = (scene: Scene) =>
  inParallel(
    scene,
    5,
    'crane copy',
    (job) => `${job.source}:${job.tag} ${scene.target}/${mapped(job)}`,
  );

const create = async ({ jobs }: Scene) => {
  const names = jobs.map(({ source, tag }) => `${source}:${tag}`).join(' ');
  return {
    script: `rm -rf layout && crane pull --format=oci ${names} layout && tar -cf bundle.tar -C layout .`,
  };
};

export const crane: Contestant = {
  name: 'crane',
  how: '`crane copy`, five at a time; `crane pull --format=oci` of all images, then `tar`',
  version: () => versionOf('crane', ['version'], /v?(\S+)/),
  works: {
    mirror,
    'mirror again': mirror,
    'mirror changed': mirror,
    create,
    'create again': create,
  },
  placement: mapped,
  bundle: ({ folder }) => join(folder, 'bundle.tar'),
};
