import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { versionOf } from '../version.ts';
import { type Contestant, type Job, mapped, type Scene } from '../works.ts';
import { inParallel } from './lists.ts';

const plain = '--from-plain-http --to-plain-http --no-tty';

const mirror = (scene: Scene) =>
  inParallel(
    scene,
    4,
    `oras cp ${plain}`,
    (job) => `${job.source}:${job.tag} ${scene.target}/${mapped(job)}`,
  );

/** One after the other: parallel ones into one layout lose entries of its index. */
const create = async (scene: Scene) => {
  const words = ({ source, tag, root }: Job) =>
    `${source}:${tag} layout:${root.digest.slice(7, 19)}`;
  await writeFile(join(scene.folder, 'list'), scene.jobs.map((job) => `${words(job)}\n`).join(''));
  const loop = 'xargs -P 1 -L 1 oras cp --from-plain-http --to-oci-layout --no-tty < list';
  return { script: `${loop} && tar -cf bundle.tar -C layout .` };
};

const load = (scene: Scene) =>
  inParallel(
    scene,
    4,
    'oras cp --from-oci-layout --to-plain-http --no-tty',
    (job) => `bundle.tar@${job.root.digest} ${scene.target}/${mapped(job)}`,
  );

export const oras: Contestant = {
  name: 'oras',
  how: '`oras cp`, four at a time; into one layout one at a time, then `tar`; from that tar four at a time',
  version: () => versionOf('oras', ['version'], /Version:\s+(\S+)/),
  works: {
    mirror,
    'mirror again': mirror,
    'mirror changed': mirror,
    create,
    'create again': create,
    load,
    'load again': load,
  },
  placement: mapped,
  bundle: ({ folder }) => join(folder, 'bundle.tar'),
};
