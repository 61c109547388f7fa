import { describe, expect, test } from 'vitest';
import { readSource, readSources, roomOf, type Source } from './sources.ts';

/**
 * The rooms, from the doors down. A room may import any room of a lower line, and itself; never one
 * above it or beside it.
 */
const layers: readonly (readonly string[])[] = [
  ['cli', 'action'],
  ['paper'],
  ['report'],
  ['commands'],
  ['doctor', 'image-sources'],
  ['transfer', 'bundle', 'install', 'vendors', 'sbom'],
  ['registry', 'plan', 'cluster'],
  ['inputs'],
  ['mirror-map'],
  ['oci', 'disk'],
];

/** What every room may import: the words for failures, facts and sizes, text made safe, and what a door hands in. */
const forAll = [
  ...['report/error.ts', 'report/events.ts', 'report/units.ts', 'report/safe.ts'],
  ...['context.ts', 'version.ts'],
];

/** Packages that stay behind their seam: the rooms and files that may import them. */
const keepers: Readonly<Record<string, readonly string[]>> = {
  execa: [
    'cluster/tools.ts',
    'install/age.ts',
    'vendors/aws.ts',
    'transfer/oras-process.ts',
    'transfer/find-oras.ts',
    'registry/docker-credentials.ts',
  ],
  '@actions/core': ['action.ts', 'action', 'report'],
  commander: ['cli.ts', 'cli'],
  undici: ['registry'],
  'js-yaml': ['action/registry-auth.ts', 'doctor/release.ts', 'inputs', 'install', 'image-sources'],
  'smol-toml': ['doctor', 'install', 'image-sources'],
  'tar/header': ['bundle'],
  'tar/parse': ['install'],
  'tar/read-entry': ['install'],
};

/** Who may touch `process` and print; all others take a Context and emit events. */
const speakers = ['cli.ts', 'cli', 'action.ts', 'action', 'report'];

const all = readSources();

describe('imports go down only', () => {
  test.each(all)('$path', (source) => {
    expect(source.imports.filter((target) => !mayImport(source, target))).toEqual([]);
  });

  test.each([
    ['oci/digest.ts', "import { x } from '../plan/inventory.ts';"],
    ['plan/plan.ts', "import type { R } from '../registry/client.ts';"],
    ['bundle/write.ts', "export * from '../transfer/job.ts';"],
    ['inputs/a.ts', "const x = await import('../commands/plan.ts');"],
    ['commands/plan.ts', "import '../cli.ts';"],
    ['attic/a.ts', "import { x } from '../oci/digest.ts';"],
    ['registry/client.ts', "import { t } from '../report/terminal.ts';"],
  ])('%s must not say: %s', (path, text) => {
    const source = readSource(path, text);
    expect(source.imports.some((target) => !mayImport(source, target))).toBe(true);
  });
});

describe('packages stay behind their seam', () => {
  test.each(Object.entries(keepers))('%s only in %j', (name, allowed) => {
    const importers = all.filter(({ packages }) => packages.includes(name));
    expect(importers.map(({ path }) => path).filter((path) => !isIn(allowed, path))).toEqual([]);
  });

  test('child processes are started by execa alone', () => {
    const importers = all.filter(({ packages }) => packages.includes('node:child_process'));
    expect(importers.map(({ path }) => path)).toEqual([]);
  });
});

describe('work code neither prints nor touches process', () => {
  test.each(all.filter(({ path }) => !isIn(speakers, path)))('$path', ({ code, packages }) => {
    // A thread that is started from text loads modules by getBuiltinModule; `process.ts` is a file.
    const words = code.match(/\b(?:process|console)\.(?!getBuiltinModule\b|ts\b)\w+/g);
    expect(words ?? []).toEqual([]);
    expect(packages).not.toContain('node:process');
  });
});

function mayImport(source: Source, target: string): boolean {
  if (target.startsWith('../')) return target === '../package.json' && source.path === 'version.ts';
  const [from, to] = [roomName(source.room), roomName(roomOf(target))];
  if (from === to || forAll.includes(target)) return true;
  return layerOf(from) !== -1 && layerOf(from) < layerOf(to);
}

const layerOf = (room: string): number => layers.findIndex((rooms) => rooms.includes(room));

/** `cli.ts` and the folder `cli/` are one door. */
const roomName = (room: string): string => room.replace(/\.ts$/, '');

const isIn = (places: readonly string[], path: string): boolean =>
  places.includes(path) || places.includes(roomOf(path));
