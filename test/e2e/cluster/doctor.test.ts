import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Check } from '../../../src/doctor/check.ts';
import type { Breakage } from './breakages/breakage.ts';
import { ofPods } from './breakages/pods.ts';
import { ofTheRegistry } from './breakages/registry.ts';
import { ofTheRelease } from './breakages/release.ts';
import { ofTheSecret } from './breakages/secret.ts';
import { ofTheWebhook } from './breakages/webhook.ts';
import { type DoctorSite, startDoctorSite } from './doctor-site.ts';

let at: DoctorSite;
beforeAll(async () => {
  at = await startDoctorSite();
});
afterAll(() => at?.stop());
afterEach(() => at.site.cluster.reset());

const green: Readonly<Record<string, Check['status']>> = {
  cluster: 'ok',
  secret: 'ok',
  'secret-keys': 'ok',
  'mirror-registries': 'ok',
  registry: 'ok',
  placements: 'ok',
  'push-rights': 'ok',
  installed: 'ok',
  release: 'ok',
  'pull-secret': 'ok',
  webhook: 'ok',
  'webhook-service': 'ok',
  'webhook-ca': 'ok',
  'webhook-namespaces': 'ok',
  'webhook-map': 'ok',
  'webhook-target': 'ok',
  pods: 'ok',
  'unmapped-images': 'ok',
  'node-config': 'skipped',
};

const breakages = [...ofTheSecret, ...ofTheRegistry, ...ofTheRelease, ...ofTheWebhook, ...ofPods];

const statuses = (checks: readonly Check[]) =>
  Object.fromEntries(checks.map(({ check, status }) => [check, status]));
const found = (checks: readonly Check[], name: string) =>
  checks.find(({ check }) => check === name);

async function expectGreen(): Promise<void> {
  const { exitCode, json, stderr } = await at.doctor();
  expect(statuses(json), stderr).toEqual(green);
  expect(exitCode).toBe(0);
}

test('after install.sh everything is green, in the order of the way from the registry to the pods', async () => {
  const { json } = await at.doctor();
  expect(statuses(json)).toEqual(green);
  expect(json.map(({ check }) => check)).toEqual(Object.keys(green));
});

/** The others are green: that what was broken before has healed is shown by the next one. */
async function expectFound({ check, status = 'failure', also = [], ...words }: Breakage) {
  const { exitCode, json, stderr } = await at.doctor(...(words.flags ?? []));
  const skipped = Object.fromEntries(also.map((name) => [name, 'skipped']));
  expect(statuses(json), stderr).toEqual({ ...green, [check]: status, ...skipped });
  expect(exitCode).toBe(status === 'failure' ? 11 : 0);
  expect(found(json, check)).toEqual({
    check,
    status,
    evidence: expect.stringMatching(words.evidence),
    cure: expect.stringMatching(words.cure),
  });
}

describe('what is broken is found by that check alone', () => {
  test.each(breakages.map((one): [string, string, Breakage] => [one.check, one.what, one]))(
    '%s: %s',
    async (_, __, breakage) => {
      await breakage.breaks(at);
      try {
        await expectFound(breakage);
      } finally {
        await breakage.heals?.(at);
      }
    },
  );

  test('and then all is green again', expectGreen);
});
