import { carriedPlatforms } from '../install/files.ts';
import type { Inventory } from '../plan/inventory.ts';

const words = {
  embed: 'the pull credential IN CLEAR TEXT: whoever has the file can pull with it',
  age: 'the pull credential, encrypted by age',
} as const;

export interface Carried {
  /** Platforms. */
  readonly tools: readonly string[];
  readonly credentials: 'embed' | 'age' | null;
}

/** What a bundle carries beside images and chart, a line each. */
export function carriedLines({ tools, credentials }: Carried): string[] {
  return [
    ...(tools.length > 0 ? [`carries oras for ${tools.join(', ')}`] : []),
    ...(credentials ? [`carries ${words[credentials]}`] : []),
  ];
}

export function inventoryLines({ files, credentials }: Inventory): string[] {
  return carriedLines({ tools: carriedPlatforms(files), credentials: credentials ?? null });
}
