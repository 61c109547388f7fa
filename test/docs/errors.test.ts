// biome-ignore-all lint/suspicious/noTemplateCurlyInString: texts of code
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDocumented } from '../../scripts/errors/entries.ts';
import { explanations } from '../../scripts/errors/explanations.ts';
import { madeErrors } from '../../scripts/errors/made-errors.ts';
import { declaredKinds } from '../../scripts/errors/plan-problems.ts';
import { errorsOfScript } from '../../scripts/errors/shell-errors.ts';
import { parseModule } from '../../scripts/errors/syntax.ts';
import { shown } from '../../scripts/errors/text.ts';

const { entries, problems } = readDocumented();

describe('every error', () => {
  test('has a cure, or says what is expected', () => {
    const without = entries.filter(({ next, expected }) => next.length + expected.length === 0);
    expect(
      without.map(({ places, message }) => `${places[0]} ${shown(message)}`),
      'add `next` or `expected` there, so that the user sees it too',
    ).toEqual([]);
  });

  test('has an anchor of its own', () => {
    const anchors = entries.map(({ anchor }) => anchor);
    expect(anchors.filter((anchor, at) => anchors.indexOf(anchor) < at)).toEqual([]);
  });

  test('that is explained by hand is one of them', () => {
    const anchors = entries.map(({ anchor }) => anchor);
    expect(Object.keys(explanations).filter((anchor) => !anchors.includes(anchor))).toEqual([]);
  });
});

test('every kind of problem that a plan can have is told of', () => {
  const text = readFileSync(join(import.meta.dirname, '../../src/plan/problem.ts'), 'utf8');
  expect(problems.map(({ kind }) => kind)).toEqual(declaredKinds(text));
});

describe('errors are read from the code', () => {
  const make = (...words: string[]) => `throw new AirgapError(${words.join(', ')});`;
  test.each<readonly [string, string, readonly string[]]>([
    ['words', make("'io'", "'no disk'"), ['io: no disk']],
    ['a value', `const a = f(); ${make("'io'", '`no ${a}`')}`, ['io: no <a>']],
    ['a choice', make("'io'", "`${a ? 'no' : 'a'} disk`"), ['io: no disk', 'io: a disk']],
    ['a name', `const m = 'no disk'; ${make("'io'", 'm')}`, ['io: no disk']],
    [
      'a function',
      `${make("'io'", 'm(1)')} function m(x) { return \`disk \${x}\`; }`,
      ['io: disk 1'],
    ],
    [
      'a parameter',
      `function f(m) { ${make("'io'", 'm')} } f('no disk'); f('no net');`,
      ['io: no disk', 'io: no net'],
    ],
    [
      'a table with class and message',
      `const all = [{c: 'io', m: 'no disk'}, {c: 'tool', m: 'no oras'}]; const one = all.find(g); ${make('one.c', 'one.m')}`,
      ['io: no disk', 'tool: no oras'],
    ],
    [
      'a class that was asked before',
      `const c = x ? 'io' : 'tool'; if (c === 'io') { ${make('c', "'no disk'")} } ${make('c', "'no oras'")}`,
      ['io: no disk', 'tool: no oras'],
    ],
    [
      'a class of its own',
      "class E extends AirgapError { constructor(a) { super('io', `no ${a}`); } }",
      ['io: no <a>'],
    ],
  ])('by %s', (_, text, expected) => {
    expect(errorsIn(text)).toEqual(expected);
  });

  test.each([
    ['class', make('f(x)', "'no disk'")],
    ['message', make("'io'", 'f(x)')],
  ])('or the reading fails: no %s', (_, text) => {
    expect(() => errorsIn(text)).toThrow('cannot be read from the code');
  });

  function errorsIn(text: string): string[] {
    const module = parseModule('src/made-up.ts', text);
    const made = madeErrors(new Map([[module.path, module]]));
    return made.map(({ class: name, message }) => `${name}: ${shown(message)}`);
  }
});

describe('errors of install.sh are read from its text', () => {
  test.each<readonly [string, readonly string[]]>([
    ["fail 5 'not whole'", ['5: not whole']],
    [
      'if a; then fail 2 "no $thing of ${name:-none} here" \'\' "mend it"; fi',
      ['2: no <thing> of <name> here'],
    ],
    ["is_it || fail 3 \"it's not $(tool 'x)') here\"", ["3: it's not <what was found> here"]],
    ["change 'not deleted' 'again' kube delete", ['11: not deleted']],
  ])('%s', (text, expected) => {
    const made = errorsOfScript('made-up.sh', text);
    expect(made.map(({ exitCodes, message }) => `${exitCodes}: ${shown(message)}`)).toEqual(
      expected,
    );
  });

  test.each(['fail "$code" \'not whole\'', 'fail 5 "$what"'])(
    'or the reading fails: %s',
    (text) => {
      expect(() => errorsOfScript('made-up.sh', text)).toThrow('cannot be read');
    },
  );
});
