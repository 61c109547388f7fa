import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MapEdge } from '../../src/plan/map-edges.ts';
import { mermaidOf } from '../../src/report/map-picture.ts';
import { draw, mermaidPage, startBrowser } from '../helpers/browser.ts';

const target = 'harbor.example.org/airgap';

function edge(source: string, more: Partial<MapEdge> = {}): MapEdge {
  return { source, target: `${target}/${source}`, images: 1, askedForBy: 'both', ...more };
}

test('the map as a flowchart, the largest source first', () => {
  const edges = [
    edge('quay.io', { askedForBy: 'webhook', bytes: 2048 }),
    edge('docker.io', { images: 3, bytes: 5 * 1024 * 1024 }),
    edge('docker.io', { target, askedForBy: 'containerd', bytes: 4096 }),
    { source: 'example.org', images: 1, bytes: 1 },
  ];
  expect(mermaidOf(edges)).toBe(`flowchart LR
  n1["docker.io"]
  n2["harbor.example.org/airgap/docker.io"]
  n1 ==>|"3 images, 5.0 MiB"| n2
  n3["harbor.example.org/airgap"]
  n1 -.->|"1 image, 4.0 KiB"| n3
  n4["quay.io"]
  n5["harbor.example.org/airgap/quay.io"]
  n4 -->|"1 image, 2.0 KiB"| n5
  n6["example.org"]
  n7["no rule maps it"]
  n6 --x|"1 image, 1 B"| n7`);
});

describe('mermaid draws', () => {
  let browser: Browser;
  let page: Page;
  beforeAll(async () => {
    browser = await startBrowser();
    page = await mermaidPage(browser);
  });
  afterAll(() => browser.close());

  test('a registry, its target and what is between them', async () => {
    const { nodes, edges } = await draw(page, mermaidOf([edge('quay.io:5000')]));
    expect(nodes).toEqual(['quay.io:5000', `${target}/quay.io:5000`]);
    expect(edges).toEqual(['1 image']);
  });

  test('a map without images', async () => {
    expect((await draw(page, mermaidOf([]))).nodes).toEqual([]);
  });

  test.each([
    ['quotes and brackets', `a"] --> b["c`],
    ['markup', '<img src=x onerror=alert(1)>'],
    ['an entity', '&lt;b&gt;#lt;'],
    ['a directive', '%%{init: {"theme": "dark"}}%%'],
    ['a click', 'x"]\nclick n1 "javascript:alert(1)"'],
    ['a fence', '```\n# heading'],
    ['Markdown', '`**bold** _a_`'],
    ['what mermaid cuts', 'style n1 fill:#f00;'],
    ['the word end', 'end'],
    ['letters of others', 'registr\u00fc.example'],
  ])('%s in a name as text', async (_, name) => {
    const graph = mermaidOf([edge(name, { target: name })]);
    expect(graph.split('\n')).toHaveLength(4);
    const { nodes, edges, others } = await draw(page, graph);
    expect(nodes).toEqual([name, name].map((text) => text.replace(/\s+/g, ' ')));
    expect(edges).toEqual(['1 image']);
    expect(others).toBe(0);
  });

  test('what could hide in a name, spelled out', async () => {
    const { nodes } = await draw(page, mermaidOf([edge('a\u202eb\u001b[2K', { target })]));
    expect(nodes).toEqual(['a\\u{202e}b\\u{1b}[2K', target]);
  });

  test('no more than people can read, and says so', async () => {
    const edges = Array.from({ length: 500 }, (_, i) => edge(`${i}"${'\u{1f4e6}'.repeat(300)}`));
    const graph = mermaidOf(edges);
    expect(graph.length).toBeLessThan(5000);
    const { nodes } = await draw(page, graph);
    expect(nodes.at(-1)).toBe(`and ${500 - (nodes.length - 1) / 2} more`);
    expect(nodes[0]).toHaveLength('0"'.length + 77 * 2 + '…'.length);
  });
});
