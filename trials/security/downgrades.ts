import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { execa } from 'execa';
import { toolPath } from '../../test/helpers/tools.ts';
import { walk } from '../graph.ts';
import type { Site } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites({ corpus: { 'docker.io/library/one:1': {} } });

/** Both read and write one record of what was loaded. */
export const downgrades: Trial = {
  id: 'T8',
  title: 'an older bundle after a newer one is refused, unless that is allowed and recorded',
  star: false,
  cases: () => pairs.map(caseOf),
  close: sites.close,
};

type Load = (site: Site, bundle: keyof typeof bundles, ...flags: string[]) => Promise<Loaded>;
interface Loaded {
  readonly exitCode: number;
  readonly stderr: string;
}

const trusted = ['--key', 'bundle.pub'];
const bundles = { older: 'older/sample-0.9.0.tar', newer: 'newer/sample-1.0.0.tar' } as const;

const load: Load = ({ job }, bundle, ...flags) =>
  job.run('load', bundles[bundle], ...trusted, ...flags);

const install: Load = async ({ job }, bundle, ...flags) => {
  const argv = [
    'newer/install.sh',
    bundles[bundle],
    ...trusted,
    '--only',
    'load',
    '--yes',
    ...flags,
  ];
  const env = {
    PATH: `${dirname(toolPath('oras'))}:/usr/bin:/bin`,
    HOME: job.path('home'),
    XDG_STATE_HOME: job.path('state'),
    TMPDIR: job.path('tmp'),
  };
  const options = {
    cwd: job.folder,
    env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  } as const;
  const { exitCode = 1, stderr } = await execa('sh', argv, options);
  return { exitCode, stderr };
};

const pairs: readonly (readonly [string, Load, Load])[] = [
  ['load after load', load, load],
  ['install.sh after install.sh', install, install],
  ['install.sh after load', load, install],
  ['load after install.sh', install, load],
];

function caseOf([name, first, second]: (typeof pairs)[number]): Case {
  return { name, run: async () => tryPair(await made(), first, second) };
}

/** A site with a newer and an older bundle of the same name. */
async function made(): Promise<Site> {
  const site = await sites.at('distribution');
  const names = await readdir(site.job.folder);
  if (names.includes('older')) return site;
  const text = await readFile(site.job.path('bundle.yaml'), 'utf8');
  const kinds = [
    ['older', 'version: 0.9.0\nsequence: 7'],
    ['newer', 'version: 1.0.0\nsequence: 8'],
  ] as const;
  for (const [folder, lines] of kinds) {
    await site.job.write('bundle.yaml', text.replace('version: 1.0.0', lines));
    await site.job.done('create', '-f', 'bundle.yaml', '-o', folder);
  }
  return site;
}

async function tryPair(site: Site, first: Load, second: Load): Promise<Verdict> {
  const { job, target } = site;
  const newest = await first(site, 'newer');
  assert.equal(newest.exitCode, 0, newest.stderr);
  assert.match(newest.stderr, /nothing is known here of an earlier load of sample/);
  const before = await walk(target.registry.host);
  target.front.clear();
  const older = await second(site, 'older');
  assert.equal(older.exitCode, 6, older.stderr);
  assert.match(older.stderr, /older than the one that was loaded last, 1\.0\.0 with sequence 8/);
  assert.deepEqual(target.front.requests, []);
  assert.deepEqual(await walk(target.registry.host), before);
  assert.deepEqual(await readdir(job.path('tmp')), []);
  assert.match(await recorded(site), /"sequence": 8,/);
  const allowed = await second(site, 'older', '--allow-downgrade');
  assert.equal(allowed.exitCode, 0, allowed.stderr);
  assert.match(allowed.stderr, /older than the one that was loaded last/);
  const record = await recorded(site);
  assert.match(record, /"sequence": 7,/);
  assert.match(record, /"overrides": \[\s*".*older.*allowed by an explicit override"/);
  const forward = await second(site, 'newer');
  assert.equal(forward.exitCode, 0, forward.stderr);
  return survived({ 'requests when refused': 0 });
}

async function recorded({ job }: Site): Promise<string> {
  const folder = job.path('state', 'airgap-bundle');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
  assert.equal(names.length, 1, names.join(', '));
  return readFile(`${folder}/${names[0]}`, 'utf8');
}
