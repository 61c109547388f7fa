import { describe, expect, test } from 'vitest';
import { read, readSpec, withLine } from './read.ts';

const digest = `sha256:${'0'.repeat(64)}`;
const listed = withLine('images', 'images: [first:1, {list: lists/images.txt}, last:1]');

async function imagesOf(text: string): Promise<string[]> {
  const { images } = await readSpec(listed, { files: { 'lists/images.txt': text } });
  return images.map(({ image, origin }) => `${origin} ${image}`);
}

describe('a list of images', () => {
  test.each<[string, string, string[]]>([
    ['a line each', 'nginx:1\nredis:7\n', ['images.txt:1 nginx:1', 'images.txt:2 redis:7']],
    ['no last line break', 'nginx:1', ['images.txt:1 nginx:1']],
    [
      'comments and blank lines',
      '# ours\n\nnginx:1 # web\n\t# done\n  redis:7  \n',
      ['images.txt:3 nginx:1', 'images.txt:5 redis:7'],
    ],
    [
      'Windows line ends',
      'nginx:1\r\n\r\nredis:7\r\n',
      ['images.txt:1 nginx:1', 'images.txt:3 redis:7'],
    ],
    ['a byte order mark', '\uFEFFnginx:1\n', ['images.txt:1 nginx:1']],
    [
      'digests, with tag and without',
      `a@${digest}\na:1@${digest}`,
      [`images.txt:1 a@${digest}`, `images.txt:2 a:1@${digest}`],
    ],
    ['nothing', '', []],
  ])('%s', async (_, text, expected) => {
    expect(await imagesOf(text)).toEqual(['images[0] first:1', ...expected, 'images[2] last:1']);
  });

  test('that is not there is named with its field and path', async () => {
    expect((await read(listed)).error).toBe(
      'error: images[1].list: the image list is not there\n  given:     DIR/bundle/lists/images.txt\n  next:      correct the path, or make the file',
    );
  });

  test('that is a folder is no list', async () => {
    const { error } = await read(listed, { files: { 'lists/images.txt/a': '' } });
    expect(error).toContain('images[1].list: the image list is a folder');
  });

  const secret =
    'apiVersion: v1\nkind: Secret\nmetadata:\n  name: s\nstringData:\n  password: hunter2\n';
  test.each<[string, string]>([
    ['a manifest', secret],
    ['one behind a comment', `# ours\n${secret}`],
    ['a document mark', '---\npassword: hunter2\n'],
    ['JSON', '{"kind": "Secret", "stringData": {"password": "hunter2"}}'],
    ['JSON over lines', '[\n  "hunter2",\n  "a:1"\n]\n'],
    ['a list of YAML', '- hunter2\n- "a:1"\n'],
    ['a text in YAML', 'password: |\n  hunter2\n  hunter2-more\n'],
  ])('%s is no list, and nothing of it is told', async (_, text) => {
    const { error } = await read(listed, { files: { 'lists/images.txt': text } });
    expect(error).toBe(
      'error: images.txt looks like YAML or JSON, not like a list of images\n  given:     images.txt\n  expected:  one image a line, and nothing else in it\n  next:      for manifests write {manifests: FILE} in images of bundle.yaml',
    );
  });

  test.each<[string, string, string]>([
    [
      'a name in upper case',
      'a:1\nNGINX\n',
      'a line is no image name\n  given:     images.txt:2 (NGINX)',
    ],
    [
      'a secret behind a sign',
      'PASSWORD=hunter2',
      'a line is no image name\n  given:     images.txt:1 (PASSWORD…)',
    ],
    [
      'a single entry',
      'password: hunter2',
      'a line is no image name\n  given:     images.txt:1 (password…)',
    ],
    [
      'a long line',
      'Abcdefghijklmnopqrstuvwxyz',
      'a line is no image name\n  given:     images.txt:1 (Abcdefghijkl…)',
    ],
    [
      'many lines',
      'A\nB\nC\nD\nE\nF\nG\n',
      '7 lines are no image names\n  given:     images.txt:1 (A), images.txt:2 (B), images.txt:3 (C), images.txt:4 (D), images.txt:5 (E) and 2 more\n',
    ],
  ])('%s is told by its beginning, once', async (_, text, says) => {
    const { error } = await read(listed, { files: { 'lists/images.txt': text } });
    expect(error).toContain(`error: images[1].list: ${says}`);
    expect(error).not.toContain('hunter2');
    expect(error?.split('NGINX').length).toBeLessThanOrEqual(2);
  });

  test('that leaves nothing is an error', async () => {
    const text = withLine('images', 'images: [{list: images.txt}]');
    expect((await read(text, { files: { 'images.txt': '# later' } })).error).toContain(
      'error: no image is listed',
    );
  });
});
