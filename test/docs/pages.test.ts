import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, test } from 'vitest';
import { fieldExamples } from '../../scripts/docs/field-examples.ts';
import { pathOf } from '../../scripts/docs/page.ts';
import { pages } from '../../scripts/docs/pages.ts';
import { readmePage } from '../../scripts/docs/readme.ts';
import { schemaFields } from '../../scripts/docs/schema-fields.ts';
import { bundleSchema } from '../../src/inputs/schema.ts';

describe('a page that is generated is as the code says', () => {
  test.each([...pages, readmePage])('$path', (page) => {
    const written = existsSync(pathOf(page)) ? readFileSync(pathOf(page), 'utf8') : '';
    expect(written, `${page.path} is stale: run \`npm run docs\` and look at what changed`).toBe(
      page.text(),
    );
  });

  test('and no help text is left of a verb that is gone', () => {
    const folder = join('test', 'cli', 'help');
    const texts = pages.map(({ path }) => path).filter((path) => path.startsWith(folder));
    expect(readdirSync(folder).map((name) => join(folder, name))).toEqual(texts.sort());
  });

  test.each(pages.filter(({ path }) => path.endsWith('.md')))(
    '$path says that it is generated',
    (page) => {
      expect(page.text()).toMatch(/^# .+\n\nThis page is generated from .+ by `npm run docs`/);
    },
  );
});

describe('the reference of bundle.yaml', () => {
  const names = schemaFields().map(({ name }) => name);

  test('has an example of every field, and of nothing else', () => {
    expect(Object.keys(fieldExamples).sort()).toEqual([...names].sort());
  });

  test.each(Object.entries(fieldExamples))('%s: %s is taken', (name, example) => {
    const document = withField(name, load(example));
    expect(bundleSchema.safeParse(document).error?.issues ?? []).toEqual([]);
  });
});

/** A whole document with this value, under a key of its own where any does. */
function withField(name: string, value: unknown): unknown {
  const keys = name.replaceAll('[]', '.[]').replace('*', 'localhost').split('.');
  const [root = '', ...path] = keys;
  return { ...whole, [root]: path.length > 0 ? within(root, path, value) : value };
}

function within(root: string, path: readonly string[], value: unknown): unknown {
  const partners = needed[`${root}.${path.join('.')}`] ?? {};
  const inner = path.reduceRight<unknown>((held, key, index) => {
    if (key === '[]') return [held];
    return index === path.length - 1 ? { ...partners, [key]: held } : { [key]: held };
  }, value);
  return root === 'ociImageRegistry' ? { ...whole.ociImageRegistry, ...Object(inner) } : inner;
}

const whole = {
  apiVersion: 'airgap-bundle/v1',
  name: 'a',
  version: '1',
  images: ['a:1'],
  ociImageRegistry: {
    endpoint: 'h.example',
    name: 'h',
    baseContentPath: 'a',
    mirrorRegistries: 'docker.io::h.example/a',
  },
};

const chart = { chart: './web' };
/** What a field does not stand without. */
const needed: Readonly<Record<string, object>> = {
  'images.[].suspected': { manifests: 'deploy/' },
  ...Object.fromEntries(
    ['version', 'values', 'namespace', 'kubeVersion', 'apiVersions'].map((key) => [
      `images.[].${key}`,
      chart,
    ]),
  ),
  'tools.[].platform': { oras: './oras' },
  'tools.[].oras': { platform: 'linux/amd64' },
};
