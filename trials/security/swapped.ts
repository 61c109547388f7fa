import { strict as assert } from 'node:assert';
import { copyFile, open, readFile, rename, writeFile } from 'node:fs/promises';
import { checkEndState, checkNothingHalf } from '../checks.ts';
import type { Site } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, notApplicable, refused, survived, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();
const bundle = 'clean/sample-1.0.0.tar';

/** Once a bundle is verified, another comes into its place while it is pushed. */
export const swapped: Trial = {
  id: 'T7',
  title: 'a bundle that is swapped while it is loaded brings nothing that was not signed',
  star: false,
  cases: (size) => {
    const points = { smoke: 2, small: 8, full: 50 }[size];
    return Array.from({ length: points }, (_, at) => ways.map((way) => caseOf(way, at))).flat();
  },
  close: sites.close,
};

const ways = ['renamed over', 'written in place', 'cut off in place'] as const;
type Way = (typeof ways)[number];

function caseOf(way: Way, requests: number): Case {
  return {
    name: `${way}, at request ${requests + 1}`,
    run: async () => load(await sites.at('distribution'), way, requests),
  };
}

async function load(site: Site, way: Way, requests: number): Promise<Verdict> {
  const path = site.job.path(bundle);
  await copyFile(path, `${path}.kept`);
  let left = requests;
  let isDone = false;
  site.target.front.rules.push(async () => {
    if (left-- === 0) {
      await change[way](path);
      isDone = true;
    }
    return undefined;
  });
  try {
    const { exitCode, stderr } = await site.run('load');
    // It made fewer requests.
    if (!isDone) return notApplicable;
    await checkNothingHalf(site, 'load');
    if (exitCode === 0) {
      await checkEndState(site, 'load');
      return survived();
    }
    assert.equal(exitCode, 5, stderr);
    assert.notEqual(way, 'renamed over', 'the file that was opened is still there');
    return refused();
  } finally {
    await rename(`${path}.kept`, path);
  }
}

const change: Readonly<Record<Way, (path: string) => Promise<void>>> = {
  'renamed over': async (path) => {
    await writeFile(`${path}.other`, other(await readFile(path)));
    await rename(`${path}.other`, path);
  },
  'written in place': async (path) => {
    const bytes = other(await readFile(path));
    const file = await open(path, 'r+');
    await file.write(bytes, 0, bytes.length, 0);
    await file.close();
  },
  'cut off in place': async (path) => {
    const file = await open(path, 'r+');
    await file.truncate(4096);
    await file.close();
  },
};

/** Every second byte of all bodies and headers behind the inventory. */
function other(bytes: Buffer): Buffer {
  const start = bytes.indexOf('oci-layout\0');
  for (let at = start; at < bytes.length; at += 2) bytes[at] = (bytes[at] ?? 0) ^ 1;
  return bytes;
}
