import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { versionOf } from '../version.ts';
import { type Contestant, mapped, type Scene } from '../works.ts';

const mirror = async ({ folder, jobs, source, target }: Scene) => {
  const config = {
    version: 1,
    creds: [source, target].map((registry) => ({ registry, tls: 'disabled' })),
    defaults: { parallel: 4 },
    sync: jobs.map((job) => ({
      source: `${job.source}:${job.tag}`,
      target: `${target}/${mapped(job)}`,
      type: 'image',
    })),
  };
  await writeFile(join(folder, 'regsync.yaml'), dump(config));
  return { script: 'regsync once -c regsync.yaml' };
};

export const regsync: Contestant = {
  name: 'regsync',
  how: '`regsync once` with `parallel: 4`',
  version: () => versionOf('regsync', ['version'], /VCSTag:\s+v?(\S+)/),
  works: { mirror, 'mirror again': mirror, 'mirror changed': mirror },
  placement: mapped,
  bundle: ({ folder }) => join(folder, 'none'),
};
