import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify, type TomlTable } from 'smol-toml';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { nodeChecks } from '../../src/doctor/node/checks.ts';
import { AirgapError } from '../../src/report/error.ts';
import { needs, right } from '../doctor/node/site.ts';
import fc from '../helpers/seeded.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'airgap-node-'));
  await mkdir(join(folder, 'certs.d', 'docker.io'), { recursive: true });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const secret = 'canary';
const leaf = fc.oneof(
  fc.constantFrom<unknown[]>(right, 'h.example.org/air', 'http://h', `https://u:${secret}@h/v2`),
  fc.constantFrom<unknown[]>(
    '',
    '/',
    '*',
    '[z-a]*',
    'ETC/certs.d',
    'ETC/certs.d:',
    '/dev/null',
    'ETC',
  ),
  fc.constantFrom<unknown[]>('pull', 'resolve', 2, 3, -1, 0.5, true, false, new Date(0)),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
);
const key = fc.oneof(
  ...[
    ['version', 'imports', 'plugins', 'disabled_plugins', 'registry', 'config_path', 'mirrors'],
    ['endpoint', 'configs', 'auths', 'auth', 'tls', 'ca_file', 'username', 'host', 'server'],
    ['capabilities', 'ca', 'client', 'skip_verify', 'override_path', 'header', 'Authorization'],
    ['cri', 'io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images', 'docker.io', '*', right],
    ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', 'h.example.org'],
  ].map((names) => fc.constantFrom(...names)),
);
const value = fc.letrec<{ any: unknown }>((tie) => ({
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(key, tie('any'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).any;
const table = fc.dictionary(key, value, { maxKeys: 5, noNullPrototype: true });
/** A file that has what is looked at in its place, with anything for a value. */
const nearConfig = fc
  .tuple(
    fc.constantFrom(undefined, 1, 2, 3, 4, 5),
    fc.constantFrom('cri', 'io.containerd.grpc.v1.cri', 'io.containerd.cri.v1.images'),
    fc.record(
      {
        config_path: fc.oneof(leaf, fc.constant('ETC/certs.d')),
        mirrors: fc.oneof(
          value,
          fc.record({
            'docker.io': fc.record({ endpoint: fc.oneof(value, fc.constant([right])) }),
          }),
        ),
        configs: fc.oneof(value, fc.record({ 'h.example.org': value })),
      },
      { requiredKeys: [] },
    ),
    table,
  )
  .map(([version, plugin, registry, rest]) => ({
    ...rest,
    ...(version === undefined ? {} : { version }),
    plugins: { [plugin]: { registry } },
  }));
const nearHosts = fc
  .record(
    {
      server: leaf,
      ca: value,
      host: fc.oneof(
        value,
        fc.record({ [right]: fc.oneof(table, fc.constant({ override_path: true })) }),
      ),
      header: value,
    },
    { requiredKeys: [] },
  )
  .chain((known) => table.map((rest) => ({ ...rest, ...known })));

const goodConfig = { plugins: { cri: { registry: { config_path: 'ETC/certs.d' } } } };
const goodHosts = {
  host: { [right]: { override_path: true } },
  server: right,
  override_path: true,
};

/** @param good a file that is right, so that the other one counts too */
const written = (parts: fc.Arbitrary<object>, good: object) =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant(good).map(print) },
    { weight: 9, arbitrary: parts.map(print) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(parts.map(print), fc.nat())
        .map(([text, at]) => text.slice(0, at % (text.length + 1))),
    },
  );

/** Where an array is mixed in a way that TOML does not know, nothing. */
function print(parts: object): string {
  try {
    return stringify(parts as TomlTable).replaceAll('ETC', folder);
  } catch {
    return '';
  }
}

test('whatever stands in the files of a node, there is an answer or a usage error, and no secret in it', async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      written(nearConfig, goodConfig),
      written(nearHosts, goodHosts),
      fc.boolean(),
      async (config, hosts, login) => {
        await writeFile(join(folder, 'config.toml'), config);
        await writeFile(join(folder, 'certs.d', 'docker.io', 'hosts.toml'), hosts);
        for (const given of ['config.toml', 'certs.d']) {
          const said = await nodeChecks(join(folder, given), needs({ login })).catch(
            (error: unknown) => {
              expect(error, String(error)).toBeInstanceOf(AirgapError);
              expect(error).toMatchObject({ class: 'usage' });
              return error as AirgapError;
            },
          );
          expect(JSON.stringify(said)).not.toContain(secret);
          if (said instanceof AirgapError) {
            seen.add('error');
            continue;
          }
          for (const { check, status, evidence, cure } of said) {
            seen.add(`${check} ${status}`);
            expect(evidence).not.toBe('');
            if (status !== 'skipped') expect(cure === '').toBe(status === 'ok');
          }
        }
      },
    ),
    { numRuns: 500 },
  );
  // What is generated reaches every check, well and ill.
  for (const one of [
    'error',
    'node-config ok',
    'node-config failure',
    'node-endpoints ok',
    'node-endpoints failure',
  ])
    expect(seen).toContain(one);
});
