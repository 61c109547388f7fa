import { expect, test } from 'vitest';
import { loginOf, secretChecks } from '../../src/doctor/secret-checks.ts';
import { clusterWith } from './stand-in.ts';

const wanted = {
  DOMAIN: 'h.io',
  BASE_PATH: 'm',
  USERNAME: '',
  PASSWORD: '',
  INSECURE: 'false',
  CA_CERT: 'PEM\n',
  MIRROR_REGISTRIES: 'docker.io::h.io/m/docker.io,quay.io::h.io/m/quay.io',
};
const login = { USERNAME: 'puller', PASSWORD: 'a secret' };

async function checksOf(data: object, { type = 'Opaque', say = wanted as object } = {}) {
  const encoded = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const secret = { type, data: Object.fromEntries(encoded) };
  const cluster = clusterWith({ 'secret/registry-info': secret });
  const { checks } = await secretChecks(cluster, say as typeof wanted);
  return checks.map(({ status, evidence }) => [status, evidence]);
}

const present = ['ok', 'Secret registry-info in jet-system, of type Opaque'];
const keys = 'DOMAIN, BASE_PATH, USERNAME, PASSWORD, INSECURE, CA_CERT are as in the bundle';
const same = ['ok', "MIRROR_REGISTRIES is the bundle's, byte by byte"];

test.each<[string, object, string[]]>([
  ['a login of its own', login, ['ok', keys]],
  ['no login', {}, ['ok', `${keys}\nno login: the cluster pulls anonymously`]],
  [
    'further keys',
    { ...login, MORE: 'x' },
    ['ok', `${keys}\nfurther keys that are not of this bundle: MORE`],
  ],
  [
    'another host',
    { ...login, DOMAIN: 'g.io' },
    ['failure', 'DOMAIN is "g.io", the bundle has "h.io"'],
  ],
  [
    'a line break too many',
    { BASE_PATH: 'm\n' },
    ['failure', 'BASE_PATH is "m\\n", the bundle has "m"'],
  ],
  [
    'a boolean in other words',
    { INSECURE: 'no' },
    ['failure', 'INSECURE is "no", the bundle has "false"'],
  ],
  [
    'a user without a password',
    { USERNAME: 'a' },
    ['failure', 'one of USERNAME and PASSWORD is empty'],
  ],
  [
    'a password without a user',
    { PASSWORD: 'a' },
    ['failure', 'one of USERNAME and PASSWORD is empty'],
  ],
  ['no key for the user', { USERNAME: undefined }, ['failure', 'USERNAME is missing']],
  [
    'a CA cut short',
    { CA_CERT: 'PE' },
    ['failure', 'CA_CERT differs: 2 characters, the bundle has 4'],
  ],
  [
    'two faults',
    { DOMAIN: undefined, BASE_PATH: '' },
    ['failure', 'DOMAIN is missing\nBASE_PATH is "", the bundle has "m"'],
  ],
])('keys: %s', async (_, change, finding) => {
  expect(await checksOf({ ...wanted, ...change })).toEqual([present, finding, same]);
});

test.each<[string, object, string]>([
  ['another user', { ...login, USERNAME: 'other' }, 'USERNAME is not the one that was given'],
  ['another password', { ...login, PASSWORD: 'other' }, 'PASSWORD is not the one that was given'],
])('with a login that was given: %s', async (_, change, evidence) => {
  const say = { ...wanted, ...login };
  const checks = await checksOf({ ...wanted, ...change }, { say });
  expect(checks).toEqual([present, ['failure', evidence], same]);
});

test.each<[string, string | undefined, string]>([
  [
    'another order',
    'quay.io::h.io/m/quay.io,docker.io::h.io/m/docker.io',
    'the same entries in another order or spelling',
  ],
  ['a comma more', `${wanted.MIRROR_REGISTRIES},`, 'the same entries in another order or spelling'],
  ['one entry less', 'docker.io::h.io/m/docker.io', 'missing: quay.io::h.io/m/quay.io'],
  ['one entry more', `${wanted.MIRROR_REGISTRIES},a.io::h.io/m`, 'not of the bundle: a.io::h.io/m'],
])('map: %s', async (_, map, line) => {
  const checks = await checksOf({ ...wanted, ...login, MIRROR_REGISTRIES: map });
  const evidence = `MIRROR_REGISTRIES is not the bundle's\n${line}`;
  expect(checks).toEqual([present, ['ok', keys], ['failure', evidence]]);
});

test.each<[string, object, string, string]>([
  ['another type', wanted, 'example.org/x', 'has the type example.org/x, not Opaque'],
  ["somebody else's keys", { theirs: 'x' }, 'Opaque', "is somebody else's; its keys: theirs"],
  ['no keys at all', {}, 'Opaque', "is somebody else's; its keys: none"],
])('a Secret with %s is not compared', async (_, data, type, words) => {
  const why = 'it is not the Secret to compare';
  expect(await checksOf(data, { type })).toEqual([
    ['failure', `the Secret registry-info in jet-system ${words}`],
    ['skipped', why],
    ['skipped', why],
  ]);
});

test.each<[string, object, unknown]>([
  ['both', login, { username: 'puller', password: 'a secret' }],
  ['none', { USERNAME: '', PASSWORD: '' }, undefined],
  ['no keys', {}, undefined],
  ['a user alone', { USERNAME: 'a' }, 'half'],
  ['a password alone', { USERNAME: '', PASSWORD: 'a' }, 'half'],
])('the login of a Secret that has %s', (_, data, found) => {
  expect(loginOf(new Map(Object.entries(data)))).toEqual(found);
});
