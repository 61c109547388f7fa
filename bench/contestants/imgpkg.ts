import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { versionOf } from '../version.ts';
import type { Contestant, Scene } from '../works.ts';

const create = async ({ folder, jobs }: Scene, more = '') => {
  const lock = {
    apiVersion: 'imgpkg.carvel.dev/v1alpha1',
    kind: 'ImagesLock',
    images: jobs.map(({ source, root }) => ({ image: `${source}@${root.digest}` })),
  };
  await writeFile(join(folder, 'lock.yml'), dump(lock));
  return { script: `imgpkg copy --lock lock.yml --to-tar bundle.tar --registry-insecure${more}` };
};

const load = async ({ target }: Scene) => ({
  script: `imgpkg copy --tar bundle.tar --to-repo ${target}/airgap-images/all --registry-insecure`,
});

/** It puts every image into one repository by digest: nothing is placed. */
export const imgpkg: Contestant = {
  name: 'imgpkg',
  how: '`imgpkg copy --lock … --to-tar` (again: `--resume`); `imgpkg copy --tar … --to-repo`, which puts all images into one repository',
  version: () => versionOf('imgpkg', ['version'], /version (\S+)/),
  works: {
    create: (scene) => create(scene),
    'create again': (scene) => create(scene, ' --resume'),
    load,
    'load again': load,
  },
  placement: ({ root }) => `airgap-images/all@${root.digest}`,
  bundle: ({ folder }) => join(folder, 'bundle.tar'),
};
