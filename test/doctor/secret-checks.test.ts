import { expect, test } from 'vitest';
import { secretChecks } from '../../src/doctor/secret-checks.ts';
import { loginOf } from '../../src/doctor/secret-keys.ts';
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

async function checksOf(data: object, how: How = {}) {
  const checks = await allOf(data, how);
  return checks.map(({ status, evidence }) => [status, evidence]);
}

interface How {
  readonly type?: string;
  readonly say?: typeof wanted;
}

async function allOf(data: object, { type = 'Opaque', say = wanted }: How) {
  const encoded = Object.entries(data)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const secret = { type, data: Object.fromEntries(encoded) };
  const cluster = clusterWith({ 'secret/registry-info': secret });
  const { checks } = await secretChecks(cluster, say);
  return checks;
}

const present = ['ok', 'Secret registry-info in jet-system, of type Opaque'];
const carried = 'DOMAIN, BASE_PATH, INSECURE, CA_CERT are as in the bundle';
const keys = `${carried}\nUSERNAME and PASSWORD are set; nothing to compare them with`;
const same = ['ok', "MIRROR_REGISTRIES is the bundle's, byte by byte"];

test.each<[string, object, string[]]>([
  ['a login of its own', login, ['ok', keys]],
  ['no login', {}, ['ok', `${carried}\nno login: the cluster pulls anonymously`]],
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

test('with the login that was given', async () => {
  const checks = await checksOf({ ...wanted, ...login }, { say: { ...wanted, ...login } });
  const evidence = `${carried}\nUSERNAME and PASSWORD are as given`;
  expect(checks).toEqual([present, ['ok', evidence], same]);
});

const withLogin = / --only secret --username USER --password-file FILE; then/;
const orWithout = /--username USER --password-file FILE, without the last two where/;
const keeping = /^sh install\.sh BUNDLE --key PUB --only secret; then/;
test.each<[string, object, object, RegExp]>([
  ['another value beside a good login', { ...login, BASE_PATH: 'x' }, {}, keeping],
  ['another value, and no login', { BASE_PATH: 'x' }, {}, keeping],
  ['a login for another registry, which is not kept', { ...login, DOMAIN: 'x' }, {}, withLogin],
  ['another registry, and no login', { DOMAIN: 'x' }, {}, keeping],
  ['a wrong password', { ...login, PASSWORD: 'x' }, login, withLogin],
  ['no login where one was given', {}, login, withLogin],
  ['half a login', { USERNAME: 'a' }, {}, withLogin],
  ['no keys for a login', { USERNAME: undefined, PASSWORD: undefined }, {}, orWithout],
])('the cure of %s', async (_, change, given, cure) => {
  const checks = await allOf({ ...wanted, ...change }, { say: { ...wanted, ...given } });
  expect(checks[1]).toMatchObject({ status: 'failure', cure: expect.stringMatching(cure) });
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
