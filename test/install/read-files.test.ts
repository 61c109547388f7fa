import { expect, test } from 'vitest';
import { readInstallFiles } from '../../src/install/read-files.ts';

const secret = `stringData:
  DOMAIN: h.io
  BASE_PATH: m
  INSECURE: 'false'
  CA_CERT: ''
  MIRROR_REGISTRIES: docker.io::h.io/m/docker.io
`;
const secretPath = 'registry-secret.yaml';

test.each<[string, Readonly<Record<string, string>>, string, string]>([
  ['no YAML', { [secretPath]: '{' }, secretPath, 'YAMLException'],
  ['no Secret', { [secretPath]: 'data: {}' }, secretPath, 'stringData'],
  ['no boolean', { [secretPath]: secret.replace("'false'", 'no') }, secretPath, 'INSECURE'],
  [
    'other values',
    { [secretPath]: secret, 'values.yaml': 'config: 1', 'chart/a.tgz': '' },
    'values.yaml',
    'config',
  ],
])('%s', async (_, files, path, given) => {
  const read = async (name: string) => Buffer.from(files[name] ?? '');
  await expect(readInstallFiles(Object.keys(files), read)).rejects.toMatchObject({
    class: 'integrity',
    message: `${path} of the bundle is of another form than is known`,
    given: expect.stringContaining(given),
  });
});
