import type { Entry } from './entries.ts';

/** Folders of src/ in words that users know, in the order in which a run meets them. */
const words: readonly (readonly [string, string])[] = [
  ['cli', 'The command line'],
  ['action', 'The Action'],
  ['inputs', 'bundle.yaml, flags and lists'],
  ['mirror-map', 'bundle.yaml, flags and lists'],
  ['image-sources', 'Where images are named'],
  ['oci', 'Images and their manifests'],
  ['plan', 'Images and their manifests'],
  ['registry', 'Registries'],
  ['vendors', 'Harbor and ECR'],
  ['transfer', 'Copying images'],
  ['bundle', 'The bundle'],
  ['install', 'Chart, values and Secret'],
  ['cluster', 'The cluster'],
  ['doctor', 'doctor'],
  ['commands', 'The commands'],
  ['disk', 'Files and disks'],
  ['report', 'What is written'],
];

const script = 'install.sh';

export const rooms: readonly string[] = [...new Set(words.map(([, room]) => room)), script];

/** @throws Error for an error of a folder that has no words yet */
export function roomOf({ by, places: [place = ''] }: Entry): string {
  if (by === script) return script;
  const folder = place.split('/')[1]?.replace(/\.ts:\d+$/, '') ?? '';
  const room = words.find(([name]) => name === folder)?.[1];
  if (room === undefined)
    throw new Error(`${place}: give its folder words that users know, in scripts/errors/rooms.ts`);
  return room;
}
