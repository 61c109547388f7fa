import { describe, expect, test } from 'vitest';
import type { ActionResult } from '../../../src/action/run.ts';
import { summaryText } from '../../../src/action/summary/summary.ts';
import { changesSince } from '../../../src/commands/compare-older.ts';
import type { Inventory } from '../../../src/plan/inventory.ts';
import type { Problem } from '../../../src/plan/problem.ts';
import { image, refusal, sampleInventory, sampleResult } from '../result.ts';

const rowsOf = (text: string) => text.match(/^<tr>.*<\/tr>$/gm) ?? [];

interface Facts {
  readonly warnings?: readonly { readonly message: string; readonly cure?: string }[];
  readonly redact?: (text: string) => string;
}

function summary(result: ActionResult, { warnings = [], redact = (text) => text }: Facts = {}) {
  return summaryText(result, { warnings, redact });
}

describe('the job summary', () => {
  test('says what was done, where the files are, and where the images go', () => {
    expect(summary(sampleResult())).toBe(
      [
        '<h2>✅ sample 1.0.0: bundled</h2>',
        '<p>1 image, 2 placements in h, 2.0 KiB of unique blobs<br>bundle of 4.0 KiB, without the images</p>',
        '<h3>Carry these files</h3>',
        '<p>They are in <code>/out</code>:</p>',
        '<table><tr><th>File</th><th>sha256</th></tr>',
        `<tr><td><code>sample-1.0.0.tar</code></td><td><code>${'cd'.repeat(32)}</code></td></tr>`,
        '<tr><td><code>sample-1.0.0.tar.sha256</code></td><td></td></tr>',
        '<tr><td><code>install.sh</code></td><td></td></tr>',
        '</table>',
        '<p>Signed by key <code>key-1</code>. Its public key goes another way than the bundle. There:</p>',
        '<pre><code>sha256sum -c sample-1.0.0.tar.sha256 &amp;&amp; sh install.sh sample-1.0.0.tar --key bundle.pub --only verify</code></pre>',
        '<h3>Where the images go</h3>',
        '',
        '```mermaid',
        'flowchart LR',
        '  n1["docker.io"]',
        '  n2["h/m"]',
        '  n1 ==>|"1 image"| n2',
        '```',
        '',
        '<p>A thick arrow: webhook and containerd ask; a thin one: the webhook; a dotted one: containerd.</p>',
        '<table><tr><th>Source</th><th>Target</th><th>Images</th><th>Unique bytes</th><th>Asked for by</th></tr>',
        '<tr><td><code>docker.io</code></td><td><code>h/m</code></td><td>1</td><td></td><td>both</td></tr>',
        '</table>',
        '<details>',
        '<summary>1 image</summary>',
        '<table><tr><th>Image</th><th>Digest</th><th>Platforms</th><th>Placements</th></tr>',
        '<tr><td><code>nginx:1</code></td><td><code>sha256:abababababab</code></td><td>linux/amd64, linux/arm64</td><td><code>h/m/nginx:1</code><br><code>h/m/library/nginx:1</code></td></tr>',
        '</table>',
        '</details>',
        '',
      ].join('\n'),
    );
  });

  test('tells sizes by source registry', () => {
    const result = sampleResult();
    const inventory = result.plan?.inventory as Inventory;
    const { digest, mediaType } = inventory.images[0] as Inventory['images'][number];
    const descriptor = { digest, mediaType, size: 2048 };
    const index = { kind: 'index', manifests: [] };
    const graph = {
      root: descriptor,
      documents: new Map([[digest, { descriptor, manifest: index }]]),
    };
    const images = [{ entry: inventory.images[0], graph }];
    const text = summary({ ...result, prepared: { inventory, images } as never });
    expect(text).toContain('<td><code>h/m</code></td><td>1</td><td>2.0 KiB</td><td>both</td>');
    expect(text).toContain('n1 ==>|"1 image, 2.0 KiB"| n2');
  });

  test('names what was mirrored, and an unsigned bundle in parts', () => {
    const { create, ...rest } = sampleResult();
    const counts = { copied: 2, there: 1 };
    const text = summary({
      ...rest,
      ...(create && { create: { ...create, keyId: null, parts: ['/out/a.001', '/out/a.002'] } }),
      mirror: {
        ...{ name: 'sample', version: '1', target: 'h', images: [], counts, errors: [] },
        ...{ referrers: 0, leftOut: [] },
      },
    });
    expect(text).toContain('<h2>✅ sample 1.0.0: mirrored and bundled</h2>');
    expect(text).toContain('<br>mirrored to h: 2 copied, 1 there already<br>bundle of');
    expect(text).toContain('<b>Not signed.</b>');
    expect(text).toContain('sample-1.0.0.tar --allow-unsigned --only verify');
    expect(text).toContain('<td><code>a.002</code></td><td></td>');
    expect(text).toContain(
      `<td>of all parts together</td><td><code>${'cd'.repeat(32)}</code></td>`,
    );
  });

  test('has a line to copy that a shell takes as it is meant, whatever the key is called', () => {
    const { create, ...rest } = sampleResult();
    const publicKey = "my key $(id)'s.pub";
    const text = summary({ ...rest, ...(create && { create: { ...create, publicKey } }) });
    const quoted = "'my key $(id)'\\''s.pub'".replaceAll("'", '&#39;');
    expect(text).toContain(` sample-1.0.0.tar --key ${quoted} --only verify</code></pre>`);
  });

  test('shows failures and warnings with their cures, also without a plan', () => {
    const { plan, ...rest } = sampleResult();
    const warning = { kind: 'unmapped', severity: 'warning', images: [], message: 'm', cure: 'c' };
    const result = {
      ...rest,
      plan: { ...plan, problems: [warning] as unknown as Problem[] } as never,
      errors: [refusal],
    };
    const text = summary(result, { warnings: [{ message: 'm', cure: 'c' }, { message: 'other' }] });
    expect(text).toMatch(/^<h2>❌ sample 1.0.0: failed with 1 error<\/h2>/);
    expect(text).toContain(
      '<p>❌ the target refuses &lt;b&gt;nginx&lt;/b&gt;<br>given: HTTP 403<br>next: ask its owner</p>',
    );
    expect(text.match(/⚠️/g)).toHaveLength(2);
    expect(text).toContain('<p>⚠️ other</p>\n<p>⚠️ unmapped: m<br>cure: c</p>');
    expect(summary({ errors: [refusal] })).toMatch(
      /^<h2>❌ airgap-bundle: failed with 1 error<\/h2>\n<p>❌ .*\n$/,
    );
  });

  test('folds what is more than ten', () => {
    const warnings = Array.from({ length: 14 }, (_, n) => ({ message: `w${n}` }));
    const text = summary({ errors: [] }, { warnings });
    const [seen = '', folded = ''] = text.split('<details>');
    expect(seen.match(/⚠️/g)).toHaveLength(10);
    expect(folded).toMatch(
      /^\n<summary>more warnings<\/summary>\n(<p>⚠️ w\d+<\/p>\n){4}<\/details>/,
    );
  });

  test('tells what changed since an older bundle', () => {
    const result = sampleResult();
    const newer = result.plan?.inventory as Inventory;
    const older = { ...sampleInventory([image('nginx:0', ['h/m/nginx:0'])]), version: '0.9.0' };
    const text = summary({ ...result, changes: changesSince(older, newer) });
    expect(text).toContain('<h3>Since sample 0.9.0 of 2026-01-01</h3>');
    expect(text).toContain('<p>1 image added, 1 removed</p>');
    expect(text).toContain(
      '<tr><td>image added</td><td>nginx:1</td><td>nginx:0</td><td>sha256:abababababab</td></tr>',
    );
    const open = { ...newer, target: { ...newer.target, plainHttp: true } };
    expect(summary({ ...result, changes: changesSince(newer, open) })).toContain(
      '<tr><td>target</td><td>plainHttp</td><td>false</td><td>to true NO LONGER ENCRYPTED</td></tr>',
    );
    const same = summary({ ...result, changes: changesSince(newer, newer) });
    expect(same).toContain('<p>Both install the same.</p>');
    expect(same).not.toContain('What changed');
  });

  test.each([
    ['markup', '<img src=x onerror=alert(1)>', '&lt;img src=x onerror=alert(1)&gt;'],
    ['a closing tag', '</code></td>', '&lt;/code&gt;&lt;/td&gt;'],
    ['entities and quotes', `&lt; "a" 'b'`, '&amp;lt; &quot;a&quot; &#39;b&#39;'],
    ['a blank line, after which HTML is Markdown', 'a\n\n# b', 'a # b'],
    ['a line that turns direction', 'a\u202eb', 'a\\u{202e}b'],
  ])('an image name with %s is text', (_, name, shown) => {
    const text = summary(sampleResult([image(name, [`h/m/${name}`])]));
    expect(rowsOf(text).filter((row) => row.includes('linux/amd64'))).toHaveLength(1);
    expect(text.split(shown)).toHaveLength(3);
  });

  test('a secret is gone, also one with characters that HTML and Mermaid escape', () => {
    const secret = 'pa"ss<&word>';
    const { plan, ...rest } = sampleResult([image('nginx:1', [`${secret}/nginx:1`])]);
    const result = { ...rest, ...(plan && { plan: { ...plan, problems: [] } }), errors: [refusal] };
    const redact = (text: string) => text.replaceAll(secret, '***');
    const text = summary(result, { redact, warnings: [{ message: `got ${secret}` }] });
    expect(text).toContain('got ***');
    expect(text).not.toMatch(/pa(?:"|&quot;|#34;)ss/);
  });

  test('stays below the size that GitHub takes, and says what it leaves out', () => {
    const images = Array.from({ length: 9000 }, (_, i) => image(`r${i}.io/${'a'.repeat(200)}`, []));
    const errors = Array.from({ length: 9000 }, () => refusal);
    const warnings = Array.from({ length: 9000 }, (_, i) => ({ message: `w${i}`, cure: 'c' }));
    const changes = changesSince(sampleInventory([]), sampleInventory(images));
    const text = summary({ ...sampleResult(images), errors, changes }, { warnings });
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    const left = text.match(/and \d+ more(?:, in the (?:log|results)|"\])/g);
    expect(left).toHaveLength(6);
    expect(text).toMatch(/<\/table>\n<\/details>\n$/);
  });

  test('of 3,000 images has a row for each', () => {
    const images = Array.from({ length: 3000 }, (_, i) => image(`r.io/a/${i}:1`, [`h/m/a/${i}:1`]));
    const text = summary(sampleResult(images));
    expect(Buffer.byteLength(text)).toBeLessThan(1024 * 1024);
    expect(rowsOf(text).filter((row) => row.includes('linux/amd64'))).toHaveLength(3000);
  });
});
