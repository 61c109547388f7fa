import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signEnvelope } from '../../src/bundle/envelope.ts';
import { loadSigner } from '../../src/bundle/sign.ts';
import { ours, theirs } from '../action/fork-events.ts';
import { sampleInputs } from '../action/sample-inputs.ts';
import { type Ended, makeStep, type Step } from '../action/step.ts';
import { blocksOf } from '../docs/page.ts';
import { pushImage } from '../helpers/images.ts';
import { type Job, type Outcome, startJob } from '../helpers/job.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { toolPath } from '../helpers/tools.ts';

const github = {
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_REPOSITORY: 'vendor/app',
  GITHUB_SHA: 'c'.repeat(40),
  GITHUB_REF: 'refs/heads/main',
  GITHUB_WORKFLOW_REF: 'vendor/app/.github/workflows/bundle@home.yml@refs/heads/main',
  GITHUB_RUN_ID: '4711',
  GITHUB_RUN_ATTEMPT: '2',
  GITHUB_EVENT_NAME: 'push',
  RUNNER_ENVIRONMENT: 'github-hosted',
};
const name = 'sample-1.0.0.tar';
const keyTypes = ['ed25519', 'ecdsa-p256'] as const;
const keys: Record<string, string> = {};
const password = 'correct horse/battery+staple';

let source: TestRegistry;
let job: Job;
let nginx: string;

beforeAll(async () => {
  [source, job] = await Promise.all([startRegistry(), startJob()]);
  nginx = (await pushImage(source.host, 'library/nginx', '1')).digest;
  for (const type of keyTypes) {
    await job.done('keygen', '--out', `${type}.key`, '--type', type);
    keys[type] = await readFile(job.path(`${type}.key`), 'utf8');
  }
});
afterAll(() => Promise.all([source.stop(), job.remove()]));

interface Made {
  readonly step: Step;
  readonly ended: Ended;
  /** A path in the workspace. */
  at(path: string): string;
  verify(...argv: string[]): ReturnType<typeof job.run<Outcome & { provenance: object }>>;
}

/** A step of the Action that makes a bundle; the key's public half lies beside that as bundle.pub. */
async function make(type: (typeof keyTypes)[number], more = {}, env = {}): Promise<Made> {
  const step = await makeStep();
  const at = (path: string) => join(step.workspace, path);
  const inputs = sampleInputs(source.host, 'harbor.example.org', {
    'signing-key': keys[type] ?? '',
    'push-username': 'ops',
    'push-password': password,
    ...more,
  });
  const ended = await step.run(inputs, { ...github, ...env });
  await writeFile(at('bundle.pub'), await readFile(job.path(`${type}.pub`)));
  const verify: Made['verify'] = (...argv) =>
    job.runWith({ cwd: step.workspace }, 'verify', name, '--output', 'json', ...argv);
  return { step, ended, at, verify };
}

const trusted = ['--key', 'bundle.pub', '--provenance', `${name}.intoto.jsonl`];
const blocks = blocksOf('docs/sbom.md').map(({ text }) => text);
const documented = (words: string): string => {
  const found = blocks.filter((text) => text.includes(words));
  if (found.length !== 1) throw new Error(`${words} is in ${found.length} blocks`);
  return found[0] ?? '';
};

/** As a person types it, in the folder of the bundle. */
async function sh(cwd: string, text: string) {
  const PATH = `${join(toolPath('cosign'), '..')}:${process.env.PATH}`;
  const options = { cwd, env: { PATH, HOME: cwd }, reject: false, all: true } as const;
  return execa('sh', ['-euc', text], options);
}

describe.each(keyTypes)('the provenance of a bundle with an %s key', (type) => {
  let made: Made;
  beforeAll(async () => {
    made = await make(type);
  });
  afterAll(() => made.step.remove());

  test('is an output, and verify accepts it', async () => {
    const { outputs } = made.ended;
    expect(outputs['provenance-path']).toBe(made.at(`${name}.intoto.jsonl`));
    expect(outputs['bundle-files']?.split('\n')).toContain(outputs['provenance-path']);
    const { exitCode, json } = await made.verify(...trusted);
    expect(exitCode).toBe(0);
    expect(json.provenance).toMatchObject({
      builder: `https://github.com/${github.GITHUB_WORKFLOW_REF}`,
      invocation: 'https://github.com/vendor/app/actions/runs/4711/attempts/2',
      sha256: outputs['bundle-digest']?.replace('sha256:', ''),
    });
  });

  test('is accepted by cosign and openssl, as documented, and by neither for another bundle', async () => {
    const cosign = documented('cosign verify-blob-attestation');
    const openssl = [
      documented('field payload'),
      documented(type === 'ed25519' ? 'pkeyutl -verify' : 'dgst -sha256 -verify'),
    ].join('\n');
    for (const text of [cosign, openssl]) {
      const { exitCode, all } = await sh(made.step.workspace, text);
      expect([exitCode, all]).toEqual([0, expect.anything()]);
      const other = await sh(made.step.workspace, `cp ${name} whole; echo >> ${name}; ${text}`);
      await sh(made.step.workspace, `mv whole ${name}`);
      expect(other.exitCode, other.all).not.toBe(0);
    }
  });

  test('is refused by cosign and openssl with another key', async () => {
    const other = job.path(`${type === 'ed25519' ? 'ecdsa-p256' : 'ed25519'}.pub`);
    for (const words of [
      'cosign verify-blob-attestation',
      'pkeyutl -verify',
      'dgst -sha256 -verify',
    ]) {
      const text = `${documented('field payload')}\n${documented(words)}`.replaceAll(
        'bundle.pub',
        other,
      );
      expect((await sh(made.step.workspace, text)).exitCode).not.toBe(0);
    }
  });
});

describe('the statement', () => {
  let made: Made;
  beforeAll(async () => {
    made = await make(
      'ed25519',
      { 'split-size': '1MiB', fresh: 'true' },
      { AIRGAP_BUNDLE_RETRY_BUDGET: '90s' },
    );
  });
  afterAll(() => made.step.remove());

  const statement = async () => {
    const { payload } = JSON.parse(await readFile(made.at(`${name}.intoto.jsonl`), 'utf8'));
    return JSON.parse(Buffer.from(payload, 'base64').toString());
  };

  // spec/v1/statement.md, slsa.dev/spec/v1.0/provenance
  test('has the fields of in-toto v1 and SLSA v1', async () => {
    const { predicate, ...rest } = await statement();
    expect(rest).toMatchObject({
      _type: 'https://in-toto.io/Statement/v1',
      predicateType: 'https://slsa.dev/provenance/v1',
    });
    expect(Object.keys(rest)).toEqual(['_type', 'subject', 'predicateType']);
    const { buildDefinition, runDetails } = predicate;
    expect(buildDefinition.externalParameters.workflow).toEqual({
      repository: 'https://github.com/vendor/app',
      ref: 'refs/heads/main',
      path: '.github/workflows/bundle@home.yml',
    });
    expect(buildDefinition.internalParameters.github).toMatchObject({ event_name: 'push' });
    expect(runDetails.builder.id).toBe(`https://github.com/${github.GITHUB_WORKFLOW_REF}`);
    for (const time of ['startedOn', 'finishedOn']) {
      expect(runDetails.metadata[time]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    }
  });

  test('names the whole bundle first, then each part', async () => {
    const { subject } = await statement();
    const sums = await readFile(made.at(`${name}.sha256`), 'utf8');
    expect(subject[0]).toEqual({
      name,
      digest: { sha256: made.ended.outputs['bundle-digest']?.replace('sha256:', '') },
    });
    const lines = subject
      .slice(1)
      .map(
        ({ name: part, digest }: { name: string; digest: { sha256: string } }) =>
          `${digest.sha256}  ${part}\n`,
      );
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join('')).toBe(sums);
    expect((await made.verify(...trusted)).exitCode).toBe(0);
  });

  test('names commit, images and map by their digests', async () => {
    const { resolvedDependencies } = (await statement()).predicate.buildDefinition;
    expect(resolvedDependencies).toEqual([
      {
        uri: 'git+https://github.com/vendor/app@refs/heads/main',
        digest: { gitCommit: github.GITHUB_SHA },
      },
      {
        uri: `pkg:oci/nginx@${nginx}?repository_url=docker.io%2Flibrary%2Fnginx&tag=1`,
        digest: { sha256: nginx.replace('sha256:', '') },
      },
      { name: 'mirror map', digest: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    ]);
  });

  test('has the inputs, and no secret', async () => {
    const { inputs } = (await statement()).predicate.buildDefinition.externalParameters;
    expect(inputs).toMatchObject({
      command: ['create'],
      name: 'sample',
      images: ['nginx:1'],
      'split-size': '1MiB',
      fresh: true,
      'retry-budget': '90s',
    });
    const text = JSON.stringify(await statement());
    const body = (keys.ed25519 ?? '').split('\n')[1] ?? 'no key';
    for (const secret of [password, body, 'ops', 'signing-key', made.step.temporary]) {
      expect(text).not.toContain(secret);
    }
  });
});

describe('verify refuses', () => {
  let made: Made;
  beforeAll(async () => {
    made = await make('ed25519');
  });
  afterAll(() => made.step.remove());

  const envelope = async () => JSON.parse(await readFile(made.at(`${name}.intoto.jsonl`), 'utf8'));
  const signed = async (statement: object) =>
    signEnvelope(statement, await loadSigner(job.path('ed25519.key')));
  const changed = async (change: (statement: Record<string, unknown>) => object) => {
    const { payload } = await envelope();
    return signed(change(JSON.parse(Buffer.from(payload, 'base64').toString())));
  };
  const one = async (fields: object) => JSON.stringify({ ...(await envelope()), ...fields });
  const cases: [title: string, exitCode: number, text: () => Promise<string>][] = [
    ['another payload', 4, () => one({ payload: Buffer.from('{}').toString('base64') })],
    ['no signature that holds', 4, () => one({ signatures: [{ sig: 'AAAA' }] })],
    [
      'a statement of another bundle',
      5,
      () => changed((s) => ({ ...s, subject: [{ name, digest: { sha256: '0'.repeat(64) } }] })),
    ],
    [
      'a subject without a SHA-256',
      5,
      () => changed((s) => ({ ...s, subject: [{ name, digest: { sha512: '0' } }] })),
    ],
    [
      'another predicate',
      2,
      () => changed((s) => ({ ...s, predicateType: 'https://slsa.dev/provenance/v0.2' })),
    ],
    [
      'another statement',
      2,
      () => changed((s) => ({ ...s, _type: 'https://in-toto.io/Statement/v0.1' })),
    ],
    ['no subject', 2, () => changed((s) => ({ ...s, subject: [] }))],
    ['a signed statement that is none', 2, () => signed(['no statement'])],
    ['an envelope of another type', 2, () => one({ payloadType: 'text/plain' })],
    ['an envelope without signatures', 2, () => one({ signatures: [] })],
    ['a payload that is no base64', 2, () => one({ payload: '\u001b[2J' })],
    ['two envelopes', 2, async () => `${await one({})}\n${await one({})}\n`],
    ['something else', 2, async () => 'no JSON'],
  ];

  test.each(cases)('%s (%i)', async (_, exitCode, text) => {
    await writeFile(made.at('other.jsonl'), await text());
    const ended = await made.verify('--key', 'bundle.pub', '--provenance', 'other.jsonl');
    expect(ended.exitCode).toBe(exitCode);
    const told = expect.stringMatching(/^[^\p{C}]+$/u);
    expect(ended.json.errors).toEqual([
      expect.objectContaining({
        message: expect.stringContaining('provenance'),
        ...{ given: told, expected: told, next: told },
      }),
    ]);
  });

  test('one of a key that was revoked, though another is trusted', async () => {
    const { keyId } = await loadSigner(job.path('ed25519.key'));
    await make('ecdsa-p256').then(async (other) => {
      const path = made.at(`${name}.intoto.jsonl`);
      const argv = ['--key', job.path('ed25519.pub'), '--key', 'bundle.pub', '--revoked', keyId];
      const ended = await other.verify(...argv, '--provenance', path);
      expect([ended.exitCode, ended.stderr]).toEqual([4, expect.stringContaining('revoked key')]);
      await other.step.remove();
    });
  });

  test('one without a key to ask, and one that is not there', async () => {
    const noKey = await made.verify('--allow-unsigned', ...trusted.slice(2));
    expect([noKey.exitCode, noKey.stderr]).toEqual([2, expect.stringContaining('no --key')]);
    const noFile = await made.verify('--key', 'bundle.pub', '--provenance', 'gone');
    expect([noFile.exitCode, noFile.stderr]).toEqual([
      2,
      expect.stringContaining('the provenance is not there'),
    ]);
  });
});

describe('there is none', () => {
  test.each([
    ['without a signature', { unsigned: 'true', 'signing-key': '' }, {}, 0],
    ['outside of GitHub', {}, { GITHUB_REPOSITORY: '' }, 0],
  ])('%s', async (_, inputs, env, exitCode) => {
    const { ended, step } = await make('ed25519', inputs, env);
    expect([ended.exitCode, ended.outputs['provenance-path']]).toEqual([exitCode, undefined]);
    await step.remove();
  });

  test('of what comes from a fork, nor a bundle', async () => {
    const event = await job.write(
      'event.json',
      JSON.stringify({ repository: ours, pull_request: { head: { repo: theirs } } }),
    );
    const { ended, step } = await make('ed25519', {}, { GITHUB_EVENT_PATH: event });
    expect([ended.exitCode, ended.outputs['bundle-path']]).toEqual([6, undefined]);
    expect(ended.outputs['provenance-path']).toBeUndefined();
    await step.remove();
  });
});
