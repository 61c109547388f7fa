import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { versionOf } from '../version.ts';
import type { Contestant, Scene } from '../works.ts';

const mirror = async ({ folder, jobs, source, target }: Scene) => {
  const images = Object.fromEntries(
    jobs.map((job) => [job.source.slice(source.length + 1), [job.tag]]),
  );
  const list = { [source]: { images, 'tls-verify': false } };
  await writeFile(join(folder, 'sync.yaml'), dump(list));
  const options = '--insecure-policy sync --all --src yaml --dest docker --dest-tls-verify=false';
  return { script: `skopeo ${options} sync.yaml ${target}/airgap-images` };
};

/** It keeps of a repository's path only the end. */
export const skopeo: Contestant = {
  name: 'skopeo',
  how: '`skopeo sync --all --src yaml --dest docker`',
  version: () => versionOf('skopeo', ['--version'], /version (\S+)/),
  works: { mirror, 'mirror again': mirror, 'mirror changed': mirror },
  placement: ({ name, tag }) => `airgap-images/${name.split('/').at(-1)}:${tag}`,
  bundle: ({ folder }) => join(folder, 'none'),
};
