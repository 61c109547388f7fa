import { strict as assert } from 'node:assert';
import { readdir, readFile } from 'node:fs/promises';
import { checkDone, checkNothingHalf } from '../checks.ts';
import type { Random } from '../random.ts';
import type { Site } from '../site.ts';
import type { Sites } from '../sites.ts';
import { type Case, notApplicable, type Size, survived } from '../trial.ts';
import { pointsOf } from './points.ts';
import { type Change, countOf, type Fault, type Faulted, runWithFault } from './strace.ts';

/**
 * A load in which a change of a file fails or is the last one, at each point, and the load after it.
 * @param check what the run with the fault must end like
 */
export function loadCase(
  sites: Sites,
  call: Change,
  size: Size,
  faultOf: (random: Random) => Fault,
  check: (ended: Faulted) => void = () => {},
): Case {
  return {
    name: `load: ${call}`,
    seconds: 1_200,
    run: async (random) => {
      const site = await sites.at('distribution');
      const points = pointsOf(await countOf(site, 'load', call), size, random);
      let hits = 0;
      for (const at of points) {
        await site.reset();
        const ended = await runWithFault(site, 'load', { call, at, fault: faultOf(random) });
        if (ended.isHit) hits++;
        check(ended);
        await checkNothingHalf(site, 'load');
        await checkDone(site, 'load', await site.run('load'));
        await checkRecord(site, `${call} ${at}`);
      }
      return hits > 0 ? survived({ points: hits, missed: points.length - hits }) : notApplicable;
    },
  };
}

/** What was loaded is remembered, and nothing else is left. */
async function checkRecord({ job }: Site, where: string): Promise<void> {
  const folder = job.path('state', 'airgap-bundle');
  const names = await readdir(folder);
  assert.equal(names.length, 1, `${where}: left ${names.join(', ')}`);
  const record = JSON.parse(await readFile(`${folder}/${names[0]}`, 'utf8'));
  assert.equal(record.version, '1.0.0', where);
}
