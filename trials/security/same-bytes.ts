import { strict as assert } from 'node:assert';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import type { How, Outcome } from '../../test/helpers/job.ts';
import { type Case, survived, type Trial, type Verdict } from '../trial.ts';
import { Desks } from './desk.ts';

const desks = new Desks({
  'docker.io/library/nginx:1': { platforms: ['linux/amd64', 'linux/arm64'] },
  'quay.io/a/b:1': {},
});
/** What an undisturbed run gave. */
let first: ReturnType<typeof make> | undefined;
let runs = 0;

export const sameBytes: Trial = {
  id: 'T12',
  title: 'the same input gives the same bytes, whoever makes it, where and when',
  star: false,
  isQuick: true,
  cases: (size) => {
    const all = Object.entries(surroundings).map(([name, how]) => caseOf(name, how));
    return size === 'smoke' ? all.slice(0, 1) : all;
  },
  close: async () => {
    first = undefined;
    await desks.close();
  },
};

/** `folder`: where the input lies, below the job's. `flags`: in place of `--fresh`. */
type Surroundings = Omit<How, 'cwd'> & {
  readonly folder?: string;
  readonly flags?: readonly string[];
};

const umask = (mask: string) => ['sh', '-c', `umask ${mask}; exec "$@"`, 'sh'];
const shifted = (days: number) => ({ NODE_OPTIONS: `--import ${clock(days)}` });

const surroundings: Readonly<Record<string, Surroundings>> = {
  'all at once': {
    prefix: umask('077'),
    env: { ...shifted(400), TZ: 'Pacific/Kiritimati', LC_ALL: 'tr_TR.UTF-8' },
    folder: 'ein Ordner/mit Ümlaut',
  },
  'another day': { env: shifted(1) },
  'ten years ago': { env: shifted(-3650) },
  'a time zone ahead': { env: { TZ: 'Pacific/Kiritimati' } },
  'a time zone behind': { env: { TZ: 'America/St_Johns' } },
  'umask 000': { prefix: umask('000') },
  'umask 077': { prefix: umask('077') },
  'a Turkish locale': { env: { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } },
  'another user': { env: { USER: 'other', LOGNAME: 'other', HOME: '/nonexistent' } },
  'another folder': { folder: 'one/in another' },
  'by a saved plan, with no time given': {
    env: { ...shifted(30), SOURCE_DATE_EPOCH: '' },
    flags: ['--plan', 'plan.json'],
  },
};

/** A module that moves the clock. */
function clock(days: number): string {
  const text = `const Real = Date, by = ${days} * 864e5;
globalThis.Date = class Date extends Real {
  constructor(...given) { given.length > 0 ? super(...given) : super(Real.now() + by); }
  static now() { return Real.now() + by; }
};`;
  return `data:text/javascript,${encodeURIComponent(text)}`;
}

function caseOf(name: string, how: Surroundings): Case {
  return { name, run: () => again(how) };
}

async function again({
  folder = '.',
  flags = ['--fresh'],
  ...how
}: Surroundings): Promise<Verdict> {
  const { job } = await desks.at();
  first ??= makeFirst();
  const before = await first;
  if (folder !== '.') {
    await mkdir(job.path(folder), { recursive: true });
    for (const name of inputs) await copyFile(job.path(name), job.path(folder, name));
  }
  assert.deepEqual(await make(folder, how, flags), before);
  return survived({ files: before.length });
}

/** With a plan beside it that the same bundle can be made by. */
async function makeFirst() {
  const fields = { images: ['nginx:1', 'quay.io/a/b:1'] };
  const ended = await desks.run(fields, 'plan', '-o', 'plan.json');
  assert.equal(ended.exitCode, 0, ended.stderr);
  return make('.', {}, ['--fresh']);
}

const inputs = ['bundle.yaml', 'bundle.key', 'image-swap-1.5.3.tgz'];

/** The files of a bundle with their content, made from nothing but the input. */
async function make(folder: string, how: How, flags: readonly string[]) {
  const { job } = await desks.at();
  const out = `out-${runs++}`;
  const argv = ['create', '-f', 'bundle.yaml', '-o', out, '--output', 'json'];
  const cwd = job.path(folder);
  const ended = await job.runWith<Outcome>({ ...how, cwd }, ...argv, ...flags);
  assert.equal(ended.exitCode, 0, ended.stderr);
  const names = (await readdir(job.path(folder, out))).toSorted();
  const read = async (name: string) =>
    [basename(name), await readFile(job.path(folder, out, name), 'latin1')] as const;
  return Promise.all(names.map(read));
}
