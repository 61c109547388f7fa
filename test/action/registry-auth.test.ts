import { describe, expect, test } from 'vitest';
import { readRegistryAuth } from '../../src/action/registry-auth.ts';

function read(text: string) {
  const secrets: string[] = [];
  const emit = (event: { kind: string }) => {
    if (event.kind === 'secret') secrets.push((event as { value?: string }).value ?? '');
  };
  const logins = () => Object.fromEntries(readRegistryAuth(text, { emit }));
  return { logins, secrets };
}

const login = (username: string, password: string) => ({ username, password });

describe('registry-auth gives each registry its login:', () => {
  test.each([
    ['nothing', ' \n', {}],
    ['an empty list', '[]', {}],
    [
      'several',
      '- registry: ghcr.io\n  username: me\n  password: p1\n- {registry: "h:5000", username: you, password: p2}\n',
      { 'ghcr.io': login('me', 'p1'), 'h:5000': login('you', 'p2') },
    ],
    ['JSON', '[{"registry":"h","username":"u","password":"p"}]', { h: login('u', 'p') }],
    [
      'Docker Hub by any name',
      '[{registry: index.docker.io, username: u, password: p}]',
      { 'docker.io': login('u', 'p') },
    ],
    [
      'numbers that nobody quoted',
      '[{registry: h, username: 1, password: 22}]',
      { h: login('1', '22') },
    ],
    [
      'spaces, which belong to a password',
      '[{registry: h, username: u, password: " p "}]',
      { h: login('u', ' p ') },
    ],
  ])('%s', (_, text, expected) => {
    expect(read(text).logins()).toEqual(expected);
  });
});

describe('registry-auth is refused, and no password told:', () => {
  const entry = (more: string) => `- {registry: h, username: u, password: hunter22${more}}`;

  test.each([
    ['no YAML', '- {registry: h, password: hunter22', 'is no YAML', 'line 1'],
    ['a text', 'hunter22', 'is no list', undefined],
    ['a mapping', '{registry: h, username: u, password: hunter22}', 'is no list', undefined],
    ['an entry that is none', '- hunter22', 'no mapping', 'entry 1'],
    ['an unknown field', entry(', hunter22: x'), 'unknown field', 'entry 1'],
    ['no registry', '- {username: u, password: hunter22}', 'without registry', 'entry 1'],
    ['no user', '- {registry: h, password: hunter22}', 'without username', 'entry 1'],
    ['no password', `${entry('')}\n- {registry: k, username: u}`, 'without password', 'entry 2'],
    [
      'an empty password',
      '- {registry: h, username: u, password: ""}',
      'without password',
      'entry 1',
    ],
    [
      'a list as password',
      '- {registry: h, username: u, password: [hunter22]}',
      'without password',
      'entry 1',
    ],
    [
      'a registry with a scheme',
      '- {registry: "https://hunter22@h", username: u, password: p}',
      'no host[:port]',
      'entry 1',
    ],
    [
      'a registry with a path',
      '- {registry: h/hunter22, username: u, password: p}',
      'no host[:port]',
      'entry 1',
    ],
    ['a registry twice', `${entry('')}\n${entry('')}`, 'names h twice', 'entry 2'],
    [
      'Docker Hub twice',
      entry('')
        .replace('h,', 'docker.io,')
        .concat('\n', entry('').replace('h,', 'index.docker.io,')),
      'names docker.io twice',
      'entry 2',
    ],
  ])('%s', (_, text, message, given) => {
    let thrown: unknown;
    try {
      read(text).logins();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toMatchObject({
      class: 'usage',
      message: expect.stringContaining(message),
      expected: expect.stringContaining('registry: host[:port]'),
    });
    expect((thrown as { given?: string }).given).toBe(given);
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('hunter22');
  });
});

test.each([
  ['a good list', '- {registry: h, username: u, password: hunter22}'],
  ['a refused one', '- {registry: h, username: u, password: hunter22, more: x}'],
  ['a mapping', '{registry: h, username: u, password: hunter22}'],
])('of %s every password is masked, alone and with its user', (_, text) => {
  const { logins, secrets } = read(text);
  try {
    logins();
  } catch {
    // What was emitted before counts.
  }
  expect(secrets).toEqual(['hunter22', 'u:hunter22', Buffer.from('u:hunter22').toString('base64')]);
});
