import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { totalSize } from '../../src/oci/descriptor.ts';
import { useSetting } from './setting.ts';

const on = useSetting();

describe('a step', () => {
  test('mirrors and creates by one plan, and leaves a report', async () => {
    const before = on.source.requests().length;
    const ended = await on.step.run(
      on.inputs(on.target.host, { command: 'create, mirror', out: 'out' }),
    );
    expect(ended.exitCode, ended.log).toBe(0);
    const bundle = join(on.step.workspace, 'out/sample-1.0.0.tar');
    const plan = JSON.parse(ended.outputs.plan ?? '');
    expect(ended.outputs).toEqual({
      'report-path': expect.stringContaining(on.step.temporary),
      'image-count': '1',
      'failed-count': '0',
      'warning-count': '1',
      'total-bytes': String(totalSize(plan.blobs)),
      'plan-path': expect.stringContaining(on.step.temporary),
      plan: JSON.stringify(plan),
      'key-id': expect.stringMatching(/^[0-9a-f]{64}$/),
      'bundle-path': bundle,
      'bundle-files': [bundle, `${bundle}.sha256`, join(on.step.workspace, 'out/install.sh')].join(
        '\n',
      ),
      'bundle-digest': `sha256:${readFileSync(`${bundle}.sha256`, 'utf8').slice(0, 64)}`,
    });
    const groups = ended.commands.filter(({ name }) => name === 'group').map(({ text }) => text);
    expect(groups).toEqual([
      'resolving 1 image',
      `mirroring 1 image to ${on.target.host}`,
      `writing ${bundle}`,
      'the plan',
      'what was mirrored',
    ]);
    const ends = ended.commands.filter(({ name }) => name === 'endgroup');
    expect(ends).toHaveLength(groups.length);
    const resolved = on.source.requests().slice(before);
    expect(resolved.filter(({ path }) => path.endsWith('/manifests/1'))).toHaveLength(1);
    expect(ended.summary).toContain(`<code>${on.target.host}/m/docker.io/library/nginx:1</code>`);
    expect(await on.step.left()).toEqual([
      expect.stringMatching(/^airgap-bundle-report-\w+$/),
      expect.stringMatching(/plan\.json$/),
      expect.stringMatching(/result\.json$/),
    ]);
  });

  test('takes its settings by variable and from the bundle file, an input over both', async () => {
    const { name: _, images: __, 'signing-key': ___, ...rest } = on.inputs(on.target.host);
    const file = { apiVersion: 'airgap-bundle/v1', name: 'from-file', images: ['nginx:1'] };
    await writeFile(join(on.step.workspace, 'bundle.yaml'), JSON.stringify(file));
    const env = {
      AIRGAP_BUNDLE_NAME: 'from-variable',
      AIRGAP_BUNDLE_VERSION: '9.9.9',
      AIRGAP_BUNDLE_UNSIGNED: 'true',
    };
    const ended = await on.step.run(rest, env);
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.outputs['bundle-path']).toBe(join(on.step.workspace, 'from-variable-1.0.0.tar'));
  });

  test('makes the light bundle by the plan that it mirrors by', async () => {
    const light = { command: 'mirror,create', 'without-images': 'true' };
    const ended = await on.step.run(on.inputs(on.target.host, light));
    expect(ended.exitCode, ended.log).toBe(0);
    const { plan, mirror } = JSON.parse(await readFile(ended.outputs['report-path'] ?? '', 'utf8'));
    expect(plan.inventory).toMatchObject({ imagesNotEmbedded: true, blobs: [] });
    expect(mirror.images).toHaveLength(1);
  });

  test('carries out a saved plan: another day, the same bytes', async () => {
    const planned = await on.step.run(on.inputs(on.target.host, { command: 'plan' }));
    const report = JSON.parse(await readFile(planned.outputs['report-path'] ?? '', 'utf8'));
    await writeFile(join(on.step.workspace, 'plan.json'), JSON.stringify(report.plan));
    const digests = new Set<string | undefined>();
    for (const SOURCE_DATE_EPOCH of ['1000000000', '1500000000']) {
      const ended = await on.step.run(on.inputs(on.target.host, { plan: 'plan.json' }), {
        SOURCE_DATE_EPOCH,
      });
      expect(ended.exitCode, ended.log).toBe(0);
      digests.add(ended.outputs['bundle-digest']);
    }
    expect(digests.size).toBe(1);
  });

  test('runs where the runner takes no summary', async () => {
    const ended = await on.step.run(on.inputs(on.target.host, { command: 'plan' }), {
      GITHUB_STEP_SUMMARY: '',
    });
    expect(ended.exitCode, ended.log).toBe(0);
    expect(ended.outputs['bundle-path']).toBeUndefined();
  });

  test('whose summary cannot be written still says what it failed by', async () => {
    const inputs = on.inputs(on.target.host, { command: 'plan', images: 'nginx:none' });
    const ended = await on.step.run(inputs, { GITHUB_STEP_SUMMARY: on.step.workspace });
    expect(ended.exitCode, ended.log).toBe(2);
    const errors = ended.commands.filter(({ name }) => name === 'error');
    expect(errors.map(({ properties }) => properties.title)).toEqual([
      'airgap-bundle: usage',
      'airgap-bundle: io',
    ]);
    expect(ended.outputs['failed-count']).toBe('1');
  });
});
