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

  test('that leaves nothing is an error', async () => {
    const text = withLine('images', 'images: [{list: images.txt}]');
    expect((await read(text, { files: { 'images.txt': '# later' } })).error).toContain(
      'error: no image is listed',
    );
  });
});
