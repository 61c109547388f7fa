import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import type { BundleDocument } from './schema.ts';
import type { CarriedTool } from './spec.ts';

/** Those on which install.sh runs, and which its `uname` tells apart. */
const platforms = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'ppc64le', 'riscv64', 's390x'].map(
    (machine) => `linux/${machine}`,
  ),
  ...['darwin/amd64', 'darwin/arm64'],
];

/** @throws AirgapError usage for a platform that no tool is carried for, or that is there twice */
export function readTools(tools: BundleDocument['tools'], folder: string): CarriedTool[] {
  const read = tools.map((tool) =>
    typeof tool === 'string'
      ? { platform: tool }
      : { platform: tool.platform, oras: resolve(folder, tool.oras) },
  );
  for (const [index, { platform }] of read.entries()) {
    if (!platforms.includes(platform)) throw unknownPlatform(platform, index);
    if (read.findIndex((one) => one.platform === platform) !== index) throw twice(platform, index);
  }
  return read;
}

function unknownPlatform(platform: string, index: number): AirgapError {
  return new AirgapError('usage', `tools[${index}] is no platform that a bundle has tools for`, {
    given: platform,
    expected: `one of ${platforms.join(', ')}`,
  });
}

function twice(platform: string, index: number): AirgapError {
  return new AirgapError('usage', `tools[${index}] is a platform that is there already`, {
    given: platform,
    expected: 'each platform once',
  });
}
