import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { versionOf } from '../version.ts';
import type { Contestant, Job, Scene } from '../works.ts';

const create = async ({ folder, jobs }: Scene) => {
  const list = {
    apiVersion: 'content.hauler.cattle.io/v1',
    kind: 'Images',
    metadata: { name: 'bench' },
    spec: { images: jobs.map(({ source, tag }) => ({ name: `${source}:${tag}` })) },
  };
  await writeFile(join(folder, 'hauler.yaml'), dump(list));
  const sync = 'hauler store sync --store store -f hauler.yaml';
  return { script: `${sync} && hauler store save --store store -f haul.tar.zst` };
};

const load = async ({ target }: Scene) => ({
  script: `rm -rf loaded && hauler store load --store loaded -f haul.tar.zst && hauler store copy --store loaded --plain-http registry://${target}/airgap-images`,
});

/** The source's path without its host: `before/quay.io/bench/app-007`. */
const placement = ({ source, tag }: Job) =>
  `airgap-images/${source.slice(source.indexOf('/') + 1)}:${tag}`;

export const hauler: Contestant = {
  name: 'hauler',
  how: '`hauler store sync`, `store save`; `store load`, `store copy`',
  version: () => versionOf('hauler', ['version'], /GitVersion:\s+v?(\S+)/),
  works: { create, 'create again': create, load, 'load again': load },
  placement,
  bundle: ({ folder }) => join(folder, 'haul.tar.zst'),
};
