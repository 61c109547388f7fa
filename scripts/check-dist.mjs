#!/usr/bin/env node
/** Fails unless dist/ is, file by file and byte by byte, what src/ and charts/ build. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildInto } from './build.mjs';

const dist = join(dirname(dirname(fileURLToPath(import.meta.url))), 'dist');

async function main() {
  const scratch = mkdtempSync(join(tmpdir(), 'airgap-dist-'));
  try {
    await buildInto(scratch);
    const differing = differences(scratch, dist);
    if (differing.length === 0) return;
    console.error('dist/ is not what src/ and charts/ build:');
    for (const line of differing) console.error(`  ${line}`);
    console.error('Run `npm run build` and commit dist/.');
    process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function differences(built, committed) {
  if (!existsSync(committed)) return ['dist/ is missing'];
  const names = new Set([...readdirSync(built), ...readdirSync(committed)]);
  return [...names].sort().flatMap((name) => {
    if (!existsSync(join(built, name))) return [`dist/${name} is not built from anything`];
    if (!existsSync(join(committed, name))) return [`dist/${name} is missing`];
    const same = readFileSync(join(built, name)).equals(readFileSync(join(committed, name)));
    return same ? [] : [`dist/${name} differs`];
  });
}

await main();
