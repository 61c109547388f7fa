import { strict as assert } from 'node:assert';
import { checkNothingHalf, checkRefused } from '../checks.ts';
import { makeShim } from '../oras-shim.ts';
import type { Site, Verb } from '../site.ts';
import { Sites } from '../sites.ts';
import { type Case, refused, type Trial, type Verdict } from '../trial.ts';

const sites = new Sites();

/** What stands on PATH as oras, the exit codes that it may come to, and what must be said. */
const wrong: Readonly<
  Record<string, readonly [body: string, codes: readonly number[], says: RegExp]>
> = {
  'too old, with known holes': ['echo "Version:    1.2.0"', [3], /too old/],
  'prints nothing': ['exit 0', [3], /does not tell its version/],
  'cannot be run': ['exit 127', [3], /oras/],
  'exits 0 without pushing': [pretends('exit 0'), [3, 5, 8, 9], /./],
  'says that it has copied all': [pretends('echo "Copied [registry] a => b"'), [3, 5, 8, 9], /./],
  'fails without a word': [pretends('exit 1'), [3, 8], /oras said nothing|oras/],
  'is killed': [pretends('kill -9 $$'), [3, 8, 9], /oras/],
};

/** Tells its version as the real one does, and then does something else. */
function pretends(what: string): string {
  return `[ "$1" = version ] && exec "$real" version\n${what}`;
}

export const t39: Trial = {
  id: 'T39',
  title: 'a wrong oras is told before it is used, or by reading the target back',
  star: false,
  cases: () =>
    (['mirror', 'load'] as const).flatMap((verb) =>
      [...Object.keys(wrong), 'missing'].map(
        (name): Case => ({
          name: `${verb}: oras ${name}`,
          run: async () => misled(await sites.at('distribution'), verb, name),
        }),
      ),
    ),
  close: sites.close,
};

async function misled(site: Site, verb: Verb, name: string): Promise<Verdict> {
  const [body, codes, says] = wrong[name] ?? ['', [3], /oras was not found/];
  const shim = await makeShim(body);
  const env = name === 'missing' ? { AIRGAP_BUNDLE_ORAS: '/nonexistent/oras' } : shim.env;
  const ended = await site.runWith({ env }, verb, '--retry-budget', '2s').finally(shim.remove);
  assert.ok(codes.includes(ended.exitCode), `ended with ${ended.exitCode}\n${ended.stderr}`);
  checkRefused(ended, ended.exitCode, says);
  await checkNothingHalf(site, verb);
  return refused();
}
