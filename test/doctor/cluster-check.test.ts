import { expect, test } from 'vitest';
import { ClusterTools } from '../../src/cluster/tools.ts';
import { clusterCheck } from '../../src/doctor/cluster-check.ts';
import { AirgapError } from '../../src/report/error.ts';

/** A cluster whose kubectl knows where it is, and fails in these words when it asks there. */
function clusterThatSays(given: string): ClusterTools {
  const kubectl = async (verb: string) => {
    if (verb === 'config') return 'https://c.io:6443';
    throw new AirgapError('cluster', 'kubectl get failed', { given, next: 'mend it' });
  };
  return Object.assign(Object.create(ClusterTools.prototype), { kubectl });
}

test.each([
  ['a login that is unknown', 'error: You must be logged in to the server (Unauthorized)'],
  ['nobody at that address', 'dial tcp 10.0.0.1:6443: connect: connection refused'],
])('no answer: %s', async (_, given) => {
  expect(await clusterCheck(clusterThatSays(given), {})).toMatchObject({
    status: 'failure',
    evidence: expect.stringContaining('https://c.io:6443 does not answer to this login'),
  });
});

test('a login that may not ask for the version', async () => {
  const said = 'Error from server (Forbidden): forbidden: User "u" cannot get path "/version"';
  expect(await clusterCheck(clusterThatSays(said), {})).toMatchObject({
    status: 'ok',
    evidence: 'https://c.io:6443 answers',
  });
});
