import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leaveFiles, mostBytesOfOutput, writeOutputs } from '../../src/action/outputs.ts';
import type { ActionResult } from '../../src/action/run.ts';
import { parseInventory } from '../../src/bundle/inventory-json.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { image, refusal, sampleResult } from './result.ts';

const files = { report: '/tmp/report.json', plan: '/tmp/plan.json' };

function outputsOf(result: ActionResult): Record<string, string> {
  const outputs: Record<string, string> = {};
  writeOutputs(result, files, 2, (name, value) => {
    outputs[name] = value;
  });
  return outputs;
}

describe('outputs', () => {
  const { plan, create } = sampleResult();
  const always = { 'report-path': files.report, 'failed-count': '0', 'warning-count': '2' };
  const ofPlan = {
    'image-count': '1',
    'total-bytes': '2048',
    'plan-path': files.plan,
    plan: JSON.stringify(plan?.inventory),
  };

  test.each([
    [
      'a bundle',
      { plan, create, errors: [] },
      {
        ...always,
        ...ofPlan,
        'bundle-path': '/out/sample-1.0.0.tar',
        'bundle-files': '/out/sample-1.0.0.tar\n/out/sample-1.0.0.tar.sha256\n/out/install.sh',
        'bundle-digest': `sha256:${'cd'.repeat(32)}`,
        'key-id': 'key-1',
      },
    ],
    [
      'a bundle in parts',
      { create: { ...create, parts: ['/out/a.tar.001', '/out/a.tar.002'] }, errors: [] },
      expect.objectContaining({
        'bundle-path': '/out/sample-1.0.0.tar',
        'bundle-files': expect.stringMatching(/^\/out\/a.tar.001\n\/out\/a.tar.002\n.*sha256\n/),
      }),
    ],
    [
      'a bundle with its provenance',
      { create, provenance: '/out/sample-1.0.0.tar.intoto.jsonl', errors: [] },
      expect.objectContaining({
        'bundle-files': expect.stringMatching(/\n\/out\/sample-1.0.0.tar.intoto.jsonl$/),
        'provenance-path': '/out/sample-1.0.0.tar.intoto.jsonl',
      }),
    ],
    ['a plan', { plan, errors: [] }, { ...always, ...ofPlan }],
    [
      'a plan that changes nothing, with a lock',
      { plan: { ...plan, lock: { path: '/w/bundle.lock' } }, changes: { same: true }, errors: [] },
      { ...always, ...ofPlan, changed: 'false', 'lock-path': '/w/bundle.lock' },
    ],
    ['a failure', { errors: [refusal] }, { ...always, 'failed-count': '1' }],
  ])('of %s', (_, result, expected) => {
    expect(outputsOf(result as ActionResult)).toEqual(expected);
  });

  test('that are too long for a job are left out, with a note that says where to look', () => {
    const images = Array.from({ length: 3000 }, (_, n) => image(`r.io/a/${n}:1`, [`h/m/a/${n}:1`]));
    const set = new Map<string, string>();
    const notes = writeOutputs(sampleResult(images), files, 0, (name, value) => {
      set.set(name, value);
    });
    expect(notes).toEqual([
      expect.stringMatching(/^the output plan .* left out: \/tmp\/plan.json/),
    ]);
    expect(set.has('plan')).toBe(false);
    expect(set.get('image-count')).toBe('3000');
    const sizes = [...set.values()].map((value) => Buffer.byteLength(value));
    expect(Math.max(...sizes)).toBeLessThan(mostBytesOfOutput);
  });
});

test('without the files that a full disk kept back there are outputs all the same', () => {
  const set = new Map<string, string>();
  writeOutputs(sampleResult(), {}, 0, (name, value) => void set.set(name, value));
  expect([...set.keys()]).toEqual(
    expect.arrayContaining(['bundle-path', 'bundle-digest', 'failed-count', 'image-count']),
  );
  expect(set.has('report-path')).toBe(false);
});

test('an output that the disk refuses is an io failure', () => {
  const full = () => {
    throw Object.assign(new Error('write'), { code: 'ENOSPC' });
  };
  expect(() => writeOutputs({ errors: [] }, files, 0, full)).toThrow(
    expect.objectContaining({ class: 'io', message: 'the disk is full' }),
  );
});

describe('the files that a step leaves', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('are the result as JSON, the inventory once, failures by their fields', async () => {
    const result = { ...sampleResult(), errors: [refusal] };
    const { report: path } = await leaveFiles(result, folder, makeRedactor());
    const report = JSON.parse(await readFile(path, 'utf8'));
    expect(report.plan.inventory.name).toBe('sample');
    expect(report.create).toMatchObject({ bundle: '/out/sample-1.0.0.tar', keyId: 'key-1' });
    expect(report.create.inventory).toBeUndefined();
    expect(report.errors).toEqual([
      {
        class: 'refused',
        exitCode: 8,
        message: 'the target refuses <b>nginx</b>',
        given: 'HTTP 403',
        next: 'ask its owner',
      },
    ]);
  });

  test('and the plan, to be carried out by another step', async () => {
    const result = sampleResult();
    const { plan = '' } = await leaveFiles(result, folder, makeRedactor());
    expect(parseInventory(await readFile(plan))).toEqual(result.plan?.inventory);
  });

  test('without a plan that has errors', async () => {
    const { plan, ...rest } = sampleResult();
    const problems = [{ severity: 'error' }];
    const result = { ...rest, plan: { ...plan, problems } } as unknown as ActionResult;
    expect((await leaveFiles(result, folder, makeRedactor())).plan).toBeUndefined();
  });

  test('hold no secret: a plan that would is not there', async () => {
    const redactor = makeRedactor();
    redactor.add('HTTP 403');
    redactor.add('nginx:1');
    const result = { ...sampleResult(), errors: [refusal] };
    const { report, plan } = await leaveFiles(result, folder, redactor);
    const text = await readFile(report, 'utf8');
    expect(JSON.parse(text).errors[0].given).toBe('***');
    expect(text).not.toContain('nginx:1');
    expect(plan).toBeUndefined();
  });

  test('that the disk refuses are an io failure', async () => {
    const nowhere = join(folder, 'gone');
    await expect(leaveFiles({ errors: [] }, nowhere, makeRedactor())).rejects.toMatchObject({
      class: 'io',
      given: `${nowhere}: ENOENT`,
    });
  });

  test('of a second step in the same job leave the first alone', async () => {
    const left = [1, 2].map(() => leaveFiles({ errors: [] }, folder, makeRedactor()));
    const paths = (await Promise.all(left)).map(({ report }) => report);
    expect(new Set(paths).size).toBe(2);
  });
});
