/**
 * The same work, done by this tool and by the movers that people use, in one run, on real registries.
 * `npm run bench -- --profile small --work mirror --only us,crane --rounds 1`; all of it without options.
 */

import { buildImgpkg } from './build-imgpkg.ts';
import { writeDocument } from './document.ts';
import { type Options, readOptions, UsageError, usage } from './options.ts';
import { sectionsOf } from './report.ts';
import { runRounds } from './rounds.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  buildImgpkg(say);
  const here = present(options);
  for (const profile of options.profiles) {
    const results = await runRounds(profile, here, say);
    const sections = sectionsOf(results, options.rounds);
    for (const { text } of sections) console.log(`\n${text}`);
    if (!options.narrowed) await writeDocument(sections);
  }
}

/** Without the peers that cannot be had here, which it says. */
function present(options: Options): Options {
  const absent = options.contestants.filter((contestant) => contestant.version() === undefined);
  for (const { name } of absent) say(`${name} is neither in .tools/bin nor on PATH: left out`);
  return {
    ...options,
    contestants: options.contestants.filter((contestant) => !absent.includes(contestant)),
  };
}

/** Of node:util's parseArgs. */
function isUnknownOption(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^ERR_PARSE_ARGS/.test(String(error.code));
}

function say(line: string): void {
  console.error(`bench: ${line}`);
}

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  process.on(signal, () => process.exit(code));

try {
  await main();
} catch (error) {
  const known = error instanceof UsageError || isUnknownOption(error);
  if (!known) throw error;
  console.error(`${(error as Error).message}\n${usage}`);
  process.exitCode = 2;
}
