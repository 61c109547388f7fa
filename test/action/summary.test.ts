import { describe, expect, test } from 'vitest';
import { summaryText } from '../../src/action/summary.ts';
import { image, refusal, sampleResult } from './result.ts';

const rowsOf = (text: string) => text.match(/^<tr>.*<\/tr>$/gm) ?? [];

describe('the job summary', () => {
  test('says what was done and lists the images', () => {
    expect(summaryText(sampleResult())).toBe(
      [
        '<h2>sample 1.0.0</h2>',
        `<p>1 image, 2.0 KiB of unique blobs; bundle of 4.0 KiB, sha256 ${'cd'.repeat(32)}, signed by key key-1</p>`,
        '<table><tr><th>Image</th><th>Digest</th><th>Platforms</th><th>Placements</th></tr>',
        '<tr><td><code>nginx:1</code></td><td><code>sha256:abababababab</code></td><td>linux/amd64, linux/arm64</td><td><code>h/m/nginx:1</code><br><code>h/m/library/nginx:1</code></td></tr>',
        '</table>',
        '',
      ].join('\n'),
    );
  });

  test('names what was mirrored, and an unsigned bundle', () => {
    const result = sampleResult();
    if (result.create) result.create = { ...result.create, keyId: null };
    const counts = { copied: 2, there: 1 };
    const text = summaryText({
      ...result,
      mirror: {
        ...{ name: 'sample', version: '1', target: 'h', images: [], counts, errors: [] },
        ...{ referrers: 0, leftOut: [] },
      },
    });
    expect(text).toContain('mirrored to h: 2 copied, 1 there;');
    expect(text).toContain('not signed</p>');
  });

  test('shows failures and warnings, also without a plan', () => {
    const { plan } = sampleResult();
    const warning = { kind: 'unmapped', severity: 'warning', images: [], message: 'm', cure: 'c' };
    const problems = [warning] as unknown as NonNullable<typeof plan>['problems'];
    const text = summaryText({
      plan: { ...(plan as object), problems } as never,
      errors: [refusal],
    });
    expect(text).toContain('<p>❌ the target refuses &lt;b&gt;nginx&lt;/b&gt;; ask its owner</p>');
    expect(text).toContain('<p>⚠️ unmapped: m; c</p>');
    expect(summaryText({ errors: [refusal] })).toMatch(/^<h2>airgap-bundle<\/h2>\n<p>❌ .*\n$/);
  });

  test.each([
    ['markup', '<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['a closing tag', '</code></td>', '&lt;/code&gt;&lt;/td&gt;'],
    ['entities and quotes', `&lt; "a" 'b'`, '&amp;lt; &quot;a&quot; &#39;b&#39;'],
    ['a blank line, after which HTML is Markdown', 'a\n\n# b', 'a # b'],
    ['a line that turns direction', 'a\u202eb', 'a\\u{202e}b'],
  ])('an image name with %s is text', (_, name, shown) => {
    const text = summaryText(sampleResult([image(name, [name])]));
    expect(rowsOf(text)).toHaveLength(1);
    expect(text.split(shown)).toHaveLength(3);
  });

  test('stays below the size that GitHub takes, and says what it leaves out', () => {
    const images = Array.from({ length: 9000 }, (_, i) =>
      image(`r.io/${'a'.repeat(200)}:${i}`, []),
    );
    const errors = Array.from({ length: 9000 }, () => refusal);
    const text = summaryText({ ...sampleResult(images), errors });
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    const rows = rowsOf(text);
    expect(rows.at(-1)).toContain(`and ${9000 - (rows.length - 1)} more, in the report`);
    expect(text).toMatch(/<p>and \d+ more, in the log<\/p>/);
    expect(text).toMatch(/<\/table>\n$/);
  });
});
