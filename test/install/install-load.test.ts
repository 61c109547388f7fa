import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { loadText } from '../../src/report/placed-text.ts';
import { plainStyle } from '../../src/report/style.ts';
import { type FrontAnswer, type FrontRequest, startFrontProxy } from '../helpers/proxy.ts';
import { freePort, type startRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';
import { toolPath } from '../helpers/tools.ts';
import { created, placed } from '../report/samples.ts';
import type { TestBundle } from './make-bundle.ts';
import { bundleFor, cleanups, on, registry } from './site.ts';

async function expectPlaced({ placements }: TestBundle, flags = ['--plain-http']): Promise<void> {
  for (const [reference, digest] of placements) {
    expect(await resolve(reference, flags)).toBe(digest);
  }
}
/** Not synchronous: the proxy that it asks may live in this very process. */
async function resolve(reference: string, flags = ['--plain-http']): Promise<string> {
  const { stdout } = await promisify(execFile)(toolPath('oras'), ['resolve', ...flags, reference]);
  return stdout.trim();
}

describe('the registry', () => {
  test('gets each blob once; the rest is mounts', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host);
    expect(await (await on()).install([...bundle.args, '--only', 'load'])).toMatchObject({
      code: 0,
    });
    await expectPlaced(bundle);
    const done = target.requests().filter(({ status }) => status === 201);
    const uploads = done.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'));
    const digests = uploads.map(
      ({ path }) => decodeURIComponent(path).match(/sha256:[0-9a-f]+/)?.[0],
    );
    expect(new Set(digests).size).toBe(digests.length);
    expect(uploads.every(({ path }) => path.startsWith('/v2/airgap/bundles/pcg-override/'))).toBe(
      true,
    );
    expect(done.some(({ method, path }) => method === 'POST' && path.includes('mount='))).toBe(
      true,
    );
    const kept = await resolve(`${target.host}/airgap/bundles/pcg-override:1.4.0`);
    expect(kept).toBe(bundle.inventory.root?.digest);
  });

  test.each<[string, (request: FrontRequest) => FrontAnswer | undefined]>([
    [
      'mounts',
      ({ method, path }) =>
        method === 'POST' && path.includes('mount=') ? { status: 405 } : undefined,
    ],
    [
      'the bundle repository',
      ({ method, path }) =>
        method !== 'HEAD' && path.includes('/bundles/') ? refusal(403, 'DENIED') : undefined,
    ],
    [
      'the root index',
      ({ method, path }) =>
        method === 'PUT' && path.endsWith('/bundles/pcg-override/manifests/1.4.0')
          ? refusal(400, 'MANIFEST_INVALID')
          : undefined,
    ],
  ])('that refuses %s still has every placement in the end', async (_, rule) => {
    const target = await registry();
    const front = await startFrontProxy(target.host, [rule]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host);
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expectPlaced(bundle);
  });

  test('that refuses one image gets the others', async () => {
    const target = await registry();
    const front = await startFrontProxy(target.host, [
      ({ method, path }) =>
        method !== 'HEAD' && path.includes('/docker.io/library/nginx/')
          ? refusal(403, 'DENIED')
          : undefined,
    ]);
    cleanups.push(front.stop);
    const bundle = await bundleFor(front.host);
    const site = await on();
    const outcome = await site.install(bundle.args);
    expect(outcome.code).toBe(8);
    expect(outcome.stderr).toContain(`failed  ${front.host}/airgap/docker.io/library/nginx:1`);
    expect(outcome.stdout).toContain(`placed  ${front.host}/airgap/quay.io/team/tool:2`);
    expect(await site.applied('Secret')).toBeNull();
  });

  test.each<[string, Parameters<typeof startRegistry>[0], number]>([
    ['is read-only', { readOnly: true }, 8],
    ['wants a login that nobody gave', { htpasswd: { username: 'a', password: 'b' } }, 7],
  ])('that %s', async (_, options, code) => {
    const target = await registry(options);
    const bundle = await bundleFor(target.host);
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code });
  });

  test('that cannot be reached is transient', async () => {
    const bundle = await bundleFor(`127.0.0.1:${await freePort()}`);
    const outcome = await (await on()).install(bundle.args);
    expect(outcome).toMatchObject({
      code: 9,
      stderr: expect.stringContaining('connection refused'),
    });
  });

  test('with a CA of its own', async () => {
    const { authority, certificate } = await tls();
    const target = await registry({ tls: certificate });
    const trusting = await bundleFor(target.host, {
      access: { plainHttp: false, caCert: authority.pem },
    });
    expect(await (await on()).install([...trusting.args, '--only', 'load'])).toMatchObject({
      code: 0,
    });
    await expectPlaced(trusting, ['--ca-file', authority.path]);
    const strange = await bundleFor(target.host, { access: { plainHttp: false } });
    const outcome = await (await on()).install([...strange.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('x509') });
  });

  test('must have the images of a light bundle already', async () => {
    const target = await registry();
    const whole = await bundleFor(target.host);
    const light = await bundleFor(target.host, {
      inventory: { imagesNotEmbedded: true, version: '2' },
    });
    const site = await on();
    const outcome = await site.install([...light.args, '--only', 'load']);
    expect(outcome).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('airgap-bundle mirror'),
    });
    expect(target.requests().filter(({ method }) => method !== 'HEAD')).toEqual([]);
    await site.install([...whole.args, '--only', 'load']);
    expect(await site.install([...light.args, '--only', 'load'])).toMatchObject({ code: 0 });
  });

  test('is only asked where it is a pull-through cache', async () => {
    const target = await registry();
    const pullThrough = [`${target.host}/airgap/quay.io`];
    const bundle = await bundleFor(target.host, { access: { pullThrough } });
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({
      code: 8,
      stderr: expect.stringContaining('pull-through cache'),
    });
    const written = target.requests().filter(({ method }) => method !== 'HEAD');
    expect(written.some(({ path }) => path.includes('/quay.io/'))).toBe(false);
    expect(written.length).toBeGreaterThan(0);
  });
});

describe('a damaged bundle', () => {
  test.each<[string, (bytes: Buffer) => Buffer]>([
    ['a changed layer', (bytes) => flipped(bytes, bytes.lastIndexOf('layer-'))],
    ['a changed config', (bytes) => flipped(bytes, bytes.lastIndexOf('"architecture"'))],
    ['a changed manifest', (bytes) => flipped(bytes, bytes.lastIndexOf('"schemaVersion"'))],
    ['a changed header', (bytes) => flipped(bytes, bytes.lastIndexOf('blobs/sha256/') + 20)],
    ['a lost end', (bytes) => bytes.subarray(0, bytes.length - 2048)],
  ])('with %s is told from a registry that fails', async (_, change) => {
    const target = await registry();
    const bundle = await bundleFor(target.host);
    await writeFile(bundle.path, change(await readFile(bundle.path)));
    const outcome = await (await on()).install([...bundle.args, '--only', 'load']);
    expect(outcome.code).toBe(5);
    expect(outcome.stderr).toMatch(/^error: (a blob of )?the bundle is (truncated or )?damaged/m);
    expect(outcome.stderr).toContain('next:      copy the bundle again');
  });

  test('whose images are all there is not read; that is said', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host);
    const args = [...bundle.args, '--only', 'load'];
    const site = await on();
    await site.install(args);
    const bytes = await readFile(bundle.path);
    await writeFile(bundle.path, flipped(bytes, bytes.lastIndexOf('layer-')));
    const outcome = await site.install(args);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    expect(outcome.stdout).toContain('blobs are checked by digest while they are pushed');
    expect(outcome.stdout).toContain('--only verify reads all of them');
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

const refusal = (status: number, code: string) => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }),
});

let authority: Authority | undefined;
afterAll(() => authority?.remove());
async function tls() {
  authority ??= await makeAuthority();
  return { authority, certificate: await authority.issue(['IP:127.0.0.1']) };
}

describe('with Node on PATH', () => {
  const node = `#!/bin/sh\nexec '${process.execPath}' "$@"\n`;
  const program = `
    const { readFileSync, writeFileSync } = require('node:fs');
    const argv = process.argv.slice(2);
    const file = argv[argv.indexOf('--push-password-file') + 1];
    writeFileSync('load.json', JSON.stringify({ argv, password: readFileSync(file, 'utf8') }));
    process.exit(Number(process.env.LOAD_EXIT));`;

  test('the bundle’s own program loads, and its exit code is ours', async () => {
    const bundle = await bundleFor('registry.example.org', {
      program,
      access: { plainHttp: false },
    });
    const site = await on({ programs: { node } });
    const args = [...bundle.args, '--only', 'load', '--push-username', 'u', '--allow-downgrade'];
    const env = { AIRGAP_BUNDLE_PUSH_PASSWORD: 'p\n', LOAD_EXIT: '12' };
    expect(await site.install(args, env)).toMatchObject({ code: 12 });
    const seen = JSON.parse(await readFile(join(site.folder, 'load.json'), 'utf8'));
    expect(seen.password).toBe('p\n\n');
    expect(seen.argv.slice(0, 3)).toEqual(['load', bundle.path, '--key']);
    const given = { bundle: bundle.path, keys: seen.argv.slice(3, 4) };
    const loaded = { inventoryDigest: created.inventoryDigest, overrides: [], site: null };
    expect(loadText({ ...placed, ...loaded }, plainStyle, given)).not.toContain('next:');
    expect(seen.argv).toEqual(
      expect.arrayContaining(['--push-username', 'u', '--allow-downgrade']),
    );
    expect(await site.leftovers()).toEqual([]);
  });

  test('an old Node is not used', async () => {
    const target = await registry();
    const bundle = await bundleFor(target.host, { program });
    const versions = "{ value: { ...process.versions, node: '20.18.0' } }";
    const preload = `data:text/javascript,Object.defineProperty(process, 'versions', ${versions})`;
    const old = `#!/bin/sh\nexec '${process.execPath}' --import "${preload}" "$@"\n`;
    const site = await on({ programs: { node: old } });
    const outcome = await site.install([...bundle.args, '--only', 'load']);
    expect(outcome).toMatchObject({ code: 0, stderr: '' });
    await expectPlaced(bundle);
  });
});
