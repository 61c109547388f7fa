import { copyFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pushImage } from '../helpers/images.ts';
import { type Job, section, startKeyedJob } from '../helpers/job.ts';
import { type RequestLine, startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { type Authority, makeAuthority } from '../helpers/tls.ts';

const credential = { username: 'ops', password: 'a password' };

let authority: Authority;
let stranger: Authority;
let source: TestRegistry;
let target: TestRegistry;
let job: Job;

beforeAll(async () => {
  [authority, stranger] = await Promise.all([makeAuthority(), makeAuthority('a stranger')]);
  const [own, other] = await Promise.all([
    authority.issue(['IP:127.0.0.1']),
    stranger.issue(['IP:127.0.0.1']),
  ]);
  [source, target, job] = await Promise.all([
    startRegistry({ tls: other }),
    startRegistry({ tls: own, htpasswd: credential }),
    startKeyedJob(),
  ]);
  const reach = { plainHttp: false, ca: stranger.pem };
  await pushImage(source.host, 'docker.io/library/nginx', '1', reach);
  const auth = Buffer.from(`${credential.username}:${credential.password}`).toString('base64');
  const config = { auths: { [target.host]: { auth } } };
  await job.write('home/.docker/config.json', JSON.stringify(config));
  await copyFile(authority.path, job.path('ca.pem'));
});

afterAll(async () => {
  await Promise.all([source.stop(), target.stop(), job.remove()]);
  await Promise.all([authority.remove(), stranger.remove()]);
});

/** @param path base path in the target: a fresh one is empty */
const bundle = (target: string, tls: object, registries: object, path = 'm') =>
  job.bundle(target, {
    ociImageRegistry: {
      ...section(target),
      baseContentPath: path,
      mirrorRegistries: `docker.io::${target}/${path}/docker.io`,
      ...tls,
    },
    images: ['nginx:1'],
    registries: {
      'docker.io': { mirror: `${source.host}/docker.io` },
      [source.host]: { insecureSkipVerify: true },
      ...registries,
    },
  });

describe('a target with TLS and a password out of the docker config', () => {
  describe.each([
    ['its own CA in the section', () => ({ caCert: './ca.pem' }), () => ({})],
    ['verification off', () => ({ insecureSkipVerify: true }), () => ({})],
    [
      'its own CA under registries, which wins over a wrong one',
      () => ({ caCert: stranger.pem }),
      () => ({ [target.host]: { caCert: './ca.pem' } }),
    ],
  ])('%s', (title, tls, registries) => {
    const path = title.replaceAll(/[^a-z]+/g, '-');

    test('mirror', async () => {
      await bundle(target.host, tls(), registries(), `mirror-${path}`);
      const { counts } = await job.done('mirror', '-f', 'bundle.yaml');
      expect(counts.failed).toBe(undefined);
      expect(bytesPut(`mirror-${path}`)).not.toEqual([]);
    });

    test('load, without a flag', async () => {
      await bundle(target.host, tls(), registries(), `load-${path}`);
      await job.done('create', '-f', 'bundle.yaml', '-o', 'out');
      const { counts } = await job.done('load', 'out/sample-1.0.0.tar', '--key', 'bundle.pub');
      expect(counts.failed).toBe(undefined);
      expect(bytesPut(`load-${path}`)).not.toEqual([]);
    });
  });

  test.each([
    ['no CA', () => ({})],
    ['another CA', () => ({ caCert: stranger.pem })],
  ])('%s: mirror refuses and says what to do', async (_, tls) => {
    await bundle(target.host, tls(), {});
    const ended = await job.run('mirror', '-f', 'bundle.yaml', '--output', 'json');
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toMatch(/not trusted/);
    expect(ended.json.errors[0]?.next).toMatch(/caCert/);
  });

  test('a certificate for another name: mirror refuses', async () => {
    const tls = await authority.issue(['DNS:harbor.example.org']);
    const misnamed = await startRegistry({ tls });
    await bundle(misnamed.host, { caCert: './ca.pem' }, {});
    const ended = await job.run('mirror', '-f', 'bundle.yaml', '--output', 'json');
    await misnamed.stop();
    expect(ended.exitCode).toBe(2);
    expect(ended.json.errors[0]?.message).toMatch(/another name/);
  });
});

/** Uploads below a base path. */
function bytesPut(path: string): readonly RequestLine[] {
  const prefix = `/v2/${path}/`;
  return target.requests().filter((one) => one.method === 'PUT' && one.path.startsWith(prefix));
}
