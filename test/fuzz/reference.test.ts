import { expect, test } from 'vitest';
import { formatReference, parseReference } from '../../src/oci/reference.ts';
import fc from '../helpers/seeded.ts';

const alnum = fc.string({ unit: fc.constantFrom(...'az09'), minLength: 1, maxLength: 3 });
const joined = (separators: string[], part: fc.Arbitrary<string>, maxLength = 4) =>
  fc
    .array(fc.tuple(fc.constantFrom(...separators), part), { minLength: 1, maxLength })
    .map((parts) => parts.map(([before, text], at) => (at === 0 ? text : before + text)).join(''));
const component = joined(['.', '_', '__', '-', '--'], alnum);
const path = joined(['/'], component);
const label = joined(
  ['-', '--'],
  fc.string({ unit: fc.constantFrom(...'aZ09'), minLength: 1, maxLength: 3 }),
  2,
);
const domain = fc.oneof(
  joined(['.'], label),
  fc.constantFrom('localhost', '[::1]', '[2001:db8::a]'),
);
const port = fc.oneof(
  fc.constant(''),
  fc.nat(70_000).map((number) => `:${number}`),
);
/** With a dot, a port or a capital, or Docker Hub would be meant. */
const registry = fc
  .tuple(domain, port)
  .map((parts) => parts.join(''))
  .filter((text) => /[.:]|[A-Z]|^localhost$/.test(text));
const tag = fc
  .string({ unit: fc.constantFrom(...'aZ0_.-'), maxLength: 8 })
  .map((rest) => `t${rest}`);
const digest = fc
  .string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 })
  .map((hex) => `sha256:${hex}`);
const absent = fc.constant(undefined);

test('what the grammar makes is read into its parts, and printed again', () => {
  fc.assert(
    fc.property(
      registry,
      path,
      fc.oneof(absent, tag),
      fc.oneof(absent, digest),
      (host, repository, name, hash) => {
        fc.pre(!['docker.io', 'index.docker.io'].includes(host));
        const text = `${host}/${repository}${name ? `:${name}` : ''}${hash ? `@${hash}` : ''}`;
        const parts = parseReference(text);
        expect(parts).toMatchObject({ registry: host, repository });
        expect(parts.tag).toBe(name ?? (hash ? undefined : 'latest'));
        expect(parts.digest).toBe(hash);
        expect(parseReference(formatReference(parts))).toEqual(parts);
      },
    ),
    { numRuns: 3000 },
  );
});

const odd = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          '/',
          ':',
          '@',
          '.',
          '..',
          '-',
          '_',
          '[',
          ']',
          '%2f',
          '\n',
          ' ',
          '$(x)',
          '\u200b',
          'ä',
          'A',
        ),
        component,
        digest,
      ),
      { maxLength: 8 },
    )
    .map((parts) => parts.join('')),
);

test('anything else is refused, or a name that no shell, URL or file system takes for another', () => {
  fc.assert(
    fc.property(odd, (text) => {
      const read = () => parseReference(text);
      let reference: ReturnType<typeof parseReference>;
      try {
        reference = read();
      } catch (error) {
        expect(error).toBeInstanceOf(RangeError);
        return;
      }
      const whole = formatReference(reference);
      expect(whole).toMatch(/^[A-Za-z0-9[][\w.:/@[\]-]*$/);
      expect(whole.split(/[/:@]/)).not.toContain('..');
      expect(parseReference(whole)).toEqual(reference);
    }),
    { numRuns: 5000 },
  );
});
