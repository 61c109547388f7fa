import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { writeOutputs, writeReport } from '../../src/action/outputs.ts';
import type { ActionResult } from '../../src/action/run.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { refusal, sampleResult } from './result.ts';

function outputsOf(result: ActionResult): Record<string, string> {
  const outputs: Record<string, string> = {};
  writeOutputs(result, '/tmp/report.json', (name, value) => {
    outputs[name] = value;
  });
  return outputs;
}

describe('outputs', () => {
  const { plan, create } = sampleResult();

  test.each([
    [
      'a bundle',
      { plan, create, errors: [] },
      {
        'report-path': '/tmp/report.json',
        'image-count': '1',
        'bundle-path': '/out/sample-1.0.0.tar',
        'bundle-files': '/out/sample-1.0.0.tar\n/out/sample-1.0.0.tar.sha256\n/out/install.sh',
        'bundle-digest': `sha256:${'cd'.repeat(32)}`,
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
    ['a plan', { plan, errors: [] }, { 'report-path': '/tmp/report.json', 'image-count': '1' }],
    ['a failure', { errors: [refusal] }, { 'report-path': '/tmp/report.json' }],
  ])('of %s', (_, result, expected) => {
    expect(outputsOf(result as ActionResult)).toEqual(expected);
  });
});

test('an output that the disk refuses is an io failure', () => {
  const full = () => {
    throw Object.assign(new Error('write'), { code: 'ENOSPC' });
  };
  expect(() => writeOutputs({ errors: [] }, '/tmp/report.json', full)).toThrow(
    expect.objectContaining({ class: 'io', message: 'the disk is full' }),
  );
});

describe('the report', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'airgap-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('is the result as JSON, the inventory once, failures by their fields', async () => {
    const path = await writeReport(
      { ...sampleResult(), errors: [refusal] },
      folder,
      makeRedactor(),
    );
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

  test('holds no secret', async () => {
    const redactor = makeRedactor();
    redactor.add('HTTP 403');
    const path = await writeReport({ errors: [refusal] }, folder, redactor);
    expect(JSON.parse(await readFile(path, 'utf8')).errors[0].given).toBe('***');
  });

  test('that the disk refuses is an io failure', async () => {
    const nowhere = join(folder, 'gone');
    await expect(writeReport({ errors: [] }, nowhere, makeRedactor())).rejects.toMatchObject({
      class: 'io',
      given: `${nowhere}: ENOENT`,
    });
  });

  test('of a second step in the same job leaves the first alone', async () => {
    const paths = [1, 2].map(() => writeReport({ errors: [] }, folder, makeRedactor()));
    expect(new Set(await Promise.all(paths)).size).toBe(2);
  });
});
