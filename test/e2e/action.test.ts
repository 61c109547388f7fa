import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mirrors, ownImages, pageMap, pushSamples, samples } from '../../demo/samples.ts';
import { makeChart } from '../helpers/chart.ts';
import { type Job, startKeyedJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import {
  type ActRun,
  type Checkout,
  commandsOf,
  makeCheckout,
  outputsOf,
  resultsOf,
  summaryOf,
} from './act.ts';

const password = 'correct horse/battery+staple';

let source: TestRegistry;
let target: TestRegistry;
/** Keys, and the place where the steps leave files. */
let job: Job;
let key: string;
let checkout: Checkout;
/** Resolved, but neither mirrored nor bundled: it has no place in the target. */
let unmapped: string;

beforeAll(async () => {
  [source, target, job] = await Promise.all([
    startRegistry(),
    startRegistry({ htpasswd: { username: 'ops', password } }),
    startKeyedJob(),
  ]);
  await pushSamples(source.host);
  key = await readFile(job.path('bundle.key'), 'utf8');
  await mkdir(job.path('out'));
  unmapped = `${source.host}/quay.io/calico/node:v3.30.3`;
  checkout = await makeCheckout(async (folder) => {
    await makeChart(folder, { spelling: 'nested', images: ownImages });
    await mkdir(join(folder, 'deploy'));
    const map = `# ours\ndocker.io::${target.host}/m\nquay.io=>harbor\n`;
    await writeFile(join(folder, 'deploy/map.conf'), map);
  });
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove(), checkout.remove()]);
});

/** The Action's step, every list by lines. */
function step(more: Readonly<Record<string, string>> = {}): object {
  const registries = Object.entries(mirrors(source.host)) as [string, { mirror?: string }][];
  const inputs = {
    command: 'mirror\ncreate',
    name: 'pcg-override',
    'bundle-version': '1.4.0',
    endpoint: target.host,
    'registry-name': 'private',
    'base-content-path': 'airgap-images',
    'insecure-skip-verify': 'false',
    'mirror-registries': pageMap(target.host).replaceAll(',', '\n'),
    chart: './image-swap-1.5.3.tgz',
    images: [...Object.keys(samples), unmapped].join('\n'),
    'registry-mirrors': registries
      .flatMap(([name, { mirror }]) => (mirror ? [`${name}=${mirror}`] : []))
      .join('\n'),
    'plain-http': [source.host, target.host].join('\n'),
    'signing-key': secret('SIGNING_KEY'),
    'push-username': 'ops',
    'push-password': secret('PUSH_PASSWORD'),
    out: job.path('out'),
    ...more,
  };
  return { id: 'bundle', uses: './', with: inputs };
}

/** An expression: the runner fills it in. */
function secret(name: string): string {
  return ['$', `{{ secrets.${name} }}`].join('');
}

function output(name: string): string {
  return ['$', `{{ steps.bundle.outputs.${name} }}`].join('');
}

/** A later step that prints the secrets as careless scripts do, and keeps what the outputs name. */
function carelessStep(): object {
  return {
    if: 'always()',
    env: {
      KEY: secret('SIGNING_KEY'),
      PASSWORD: secret('PUSH_PASSWORD'),
      REPORT: output('report-path'),
      KEEP: job.path('report.json'),
    },
    run: [
      'node --version',
      'echo "$KEY"',
      'echo "$KEY" | base64',
      'printf %s "$KEY" | base64 -w0; echo',
      'echo "$PASSWORD" | base64',
      'printf "ops:%s" "$PASSWORD" | base64',
      'ls -A "$RUNNER_TEMP"',
      'cp "$REPORT" "$KEEP"',
    ].join('\n'),
  };
}

/** Every form in which a log could show a secret; the frame lines of PEM are no secret. */
function forms(): string[] {
  const lines = key.trimEnd().split('\n').slice(1, -1);
  const texts = [key, key.trimEnd(), password, `${password}\n`, `ops:${password}`];
  const base64 = texts.map((text) => Buffer.from(text).toString('base64'));
  return [password, ...lines, ...base64, ...base64.flatMap((text) => text.match(/.{8,76}/g) ?? [])];
}

describe('the Action in a workflow', () => {
  const bundle = () => job.path('out/pcg-override-1.4.0.tar');
  let run: ActRun;

  beforeAll(async () => {
    const secrets = { SIGNING_KEY: key, PUSH_PASSWORD: password };
    run = await checkout.act([step(), carelessStep()], secrets);
  });

  test('succeeds, on the Node that action.yml declares', () => {
    expect(run.exitCode, run.shown).toBe(0);
    expect(resultsOf(run)).toEqual(['Main success', 'Post success']);
    expect(run.events.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(/^v24\./));
  });

  test('hands a verified bundle to later steps', async () => {
    const sum = (await readFile(`${bundle()}.sha256`, 'utf8')).slice(0, 64);
    expect(outputsOf(run)).toEqual({
      'bundle-path': bundle(),
      'bundle-files': expect.stringMatching(
        /\.tar\n.*\.tar\.sha256\n.*install\.sh\n.*\.intoto\.jsonl$/,
      ),
      'provenance-path': `${bundle()}.intoto.jsonl`,
      'bundle-digest': `sha256:${sum}`,
      'image-count': '18',
      'total-bytes': expect.stringMatching(/^\d{5,}$/),
      'failed-count': '0',
      'warning-count': expect.stringMatching(/^\d$/),
      'key-id': expect.stringMatching(/^[0-9a-f]{64}$/),
      plan: expect.stringContaining('pcg-override'),
      'plan-path': expect.stringMatching(/^\/.*\/plan\.json$/),
      'report-path': expect.stringMatching(/^\/.*\/result\.json$/),
    });
    const provenance = ['--provenance', `${bundle()}.intoto.jsonl`];
    const verified = await job.run('verify', bundle(), '--key', 'bundle.pub', ...provenance);
    expect(verified.exitCode, verified.stderr).toBe(0);
    expect(verified.stdout).toMatch(
      /^made by https:.* in https:.*\/actions\/runs\/1\/attempts\/1/m,
    );
  });

  test('reports the very plan that the bundle was made by', async () => {
    const report = JSON.parse(await readFile(job.path('report.json'), 'utf8'));
    const { inventory } = await job.done('inspect', bundle());
    expect(report.plan.inventory).toEqual(inventory);
    expect(report.errors).toEqual([]);
    const placements = inventory.images.flatMap((image) => image.placements);
    const { there = 0, placed = 0, copied = 0 } = report.mirror.counts;
    expect(there + placed + copied).toBe(placements.length);
  });

  test('groups its log by step and ends each group', () => {
    expect(commandsOf(run, 'group')).toEqual([
      'resolving 18 images',
      `mirroring 17 images to ${target.host}`,
      `writing ${bundle()}`,
      'the plan',
      'what was mirrored',
    ]);
    expect(commandsOf(run, 'endgroup')).toHaveLength(5);
  });

  test('says a warning once, as an annotation', () => {
    const warnings = commandsOf(run, 'warning');
    expect(warnings).toHaveLength(new Set(warnings).size);
    expect(warnings.join('\n')).toContain(unmapped);
    expect(run.events.filter(({ msg }) => /^\s*warning:/.test(msg))).toEqual([]);
  });

  test('writes the table of images into the job summary', () => {
    const summary = summaryOf(run);
    for (const image of [...Object.keys(samples), ...Object.values(ownImages)]) {
      expect(summary).toContain(`<code>${image}</code>`);
    }
    expect(summary).toContain(
      `<code>${target.host}/airgap-images/docker.io/library/nginx:1</code>`,
    );
    expect(summary).toContain('Signed by key <code>');
  });

  test('shows no secret in any form, neither by itself nor in later steps', async () => {
    for (const form of forms()) expect(run.shown).not.toContain(form);
    expect(run.shown.match(/^\*\*\*$/gm)?.length).toBeGreaterThan(5);
    const report = await readFile(job.path('report.json'), 'utf8');
    const tar = await readFile(bundle(), 'latin1');
    for (const form of forms()) expect(report + tar).not.toContain(form);
  });

  test('leaves its report and nothing else in the temporary folder', () => {
    const listed = run.events.filter(({ msg }) => msg.startsWith('airgap-bundle-'));
    expect(listed.map(({ msg }) => msg.trim())).toEqual([
      expect.stringMatching(/^airgap-bundle-report-\w+$/),
    ]);
  });
});

describe('a step that fails', () => {
  test('by a bad map: ends the job, with an annotation that says what to mend', async () => {
    const more = {
      ...{ 'mirror-registries': '', 'mirror-registries-file': 'deploy/map.conf' },
      name: 'bad-map',
    };
    const secrets = { SIGNING_KEY: key, PUSH_PASSWORD: password };
    const run = await checkout.act([step(more), carelessStep()], secrets);
    expect(run.exitCode).not.toBe(0);
    expect(resultsOf(run)).toEqual(['Main failure', 'Post success']);
    expect(run.events.map(({ msg }) => msg)).toContain('exit status 2');
    const errors = commandsOf(run, 'error');
    expect(errors).toHaveLength(1);
    expect(run.events.map(({ raw = '' }) => raw)).toContainEqual(
      expect.stringMatching(
        /^::error title=airgap-bundle%3A usage,file=deploy\/map\.conf,line=3,col=1::/,
      ),
    );
    expect(errors[0]).toContain(`quay.io=>harbor`);
    expect(errors[0]).toContain('source::target');
    expect(summaryOf(run)).toContain('❌');
    expect((await readdir(job.path('out'))).filter((name) => name.startsWith('bad-map'))).toEqual(
      [],
    );
    for (const form of forms()) expect(run.shown).not.toContain(form);
  });

  test('by a wrong password: says so without it', async () => {
    const wrong = 'not the right/pass+word';
    const secrets = { SIGNING_KEY: key, PUSH_PASSWORD: wrong };
    const images = { images: 'nginx:1', name: 'wrong-password' };
    const run = await checkout.act([step(images), carelessStep()], secrets);
    expect(run.exitCode).not.toBe(0);
    expect(run.events.map(({ msg }) => msg)).toContain('exit status 7');
    expect(commandsOf(run, 'error').join('\n')).toContain(target.host);
    const texts = [wrong, `${wrong}\n`, `ops:${wrong}`];
    const base64 = texts.map((text) => Buffer.from(text).toString('base64'));
    const report = await readFile(job.path('report.json'), 'utf8');
    expect(JSON.parse(report).errors).not.toEqual([]);
    expect(summaryOf(run)).toContain('❌');
    for (const form of [wrong, ...base64]) {
      expect(run.shown).not.toContain(form);
      expect(summaryOf(run) + JSON.stringify(outputsOf(run)) + report).not.toContain(form);
    }
    expect(existsSync(job.path('out/wrong-password-1.4.0.tar'))).toBe(false);
  });
});
