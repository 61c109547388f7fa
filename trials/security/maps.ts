import { strict as assert } from 'node:assert';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { webhookImage } from '../../src/mirror-map/webhook.ts';
import { recordedMaps } from '../../test/helpers/webhook-answers.ts';
import type { Random } from '../random.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { Desks } from './desk.ts';

const desks = new Desks({ 'docker.io/library/nginx:1': {} });

/** What stands in a map is an entry, a remark, or a problem with its place. */
export const grammar: Trial = {
  id: 'T13',
  title: 'a map means what it means to the webhook, and nothing in it is dropped in silence',
  star: false,
  isQuick: true,
  cases: (size) => {
    const count = { smoke: 300, small: 2_000, full: 10_000 }[size];
    return [
      ...table.map(([name, text, expected]) => grammarCase(name, text, expected)),
      { name: `${count} generated maps`, seconds: 120, run: (random) => generated(count, random) },
      { name: 'a run names every entry that the webhook would ignore', run: ignoredEntries },
    ];
  },
  close: desks.close,
};

/** Entries as `kind key value`, problems as `LINE:COLUMN severity`, in the order in which they stand. */
const table: readonly (readonly [string, string, readonly string[]])[] = [
  ['no ::', 'docker.io\na::b', ['1:1 error', 'registry a b']],
  ['no :: between commas', 'a::b, docker.io ,c::d', ['registry a b', '1:7 error', 'registry c d']],
  ['an empty source', '::b\na::c', ['registry  b', 'registry a c']],
  ['an empty target', 'a::\nb::c', ['registry a ', 'registry b c']],
  ['blank', ' \n\t\n', []],
  ['remarks', '# a::b\n  # c::d\ne::f # g::h', ['registry e f']],
  ['a trailing comma', 'a::b,', ['registry a b']],
  ['a double comma', 'a::b,,c::d', ['registry a b', 'registry c d']],
  ['a comma in lines', 'a::b,\nc::d', ['registry a b,', '1:1 warning', 'registry c d']],
  ['spaces', '  a  ::  b  \nc::d', ['registry a b', 'registry c d']],
  ['CRLF', 'a::b\r\nc::d\r\n', ['registry a b', 'registry c d']],
  ['a byte order mark', '\ufeffa::b\nc::d', ['registry a b', 'registry c d']],
  ['three parts', 'a::b::c\nd::e', ['1:1 error', 'registry d e']],
  ['the old :', 'a:b\nc::d', ['registry a b', '1:1 warning', 'registry c d']],
  ['the old : with a port', 'a:5000:b\nc::d', ['1:1 error', 'registry c d']],
  ['a key with a port', 'a:5000::b\nc::d', ['registry a:5000 b', 'registry c d']],
  ['exact', '[EXACT]a:1::b:1\nc::d', ['exact a:1 b:1', 'registry c d']],
  ['replace', '[REPLACE]a*::b\nc::d', ['replace a* b', 'registry c d']],
  [
    'patterns between commas',
    'a::b,noswap_wildcards::x,y:5,c::d',
    ['registry a b', 'noswap noswap_wildcards x,y:5', 'registry c d'],
  ],
  ['the same key twice', 'a::b\na::c', ['registry a b', 'registry a c', '2:1 warning']],
];

function grammarCase(name: string, text: string, expected: readonly string[]): Case {
  return {
    name,
    run: async () => {
      const { entries, problems } = parseMirrorMap(text);
      const said = [
        ...entries.map(({ line, column, kind, key, value }) => ({
          at: [line, column, 0],
          words: `${kind} ${key} ${value}`,
        })),
        ...problems.map(({ line, column, severity }) => ({
          at: [line, column, 1],
          words: `${line}:${column} ${severity}`,
        })),
      ];
      const inOrder = said.toSorted((a, b) => compare(a.at, b.at)).map(({ words }) => words);
      assert.deepEqual(inOrder, expected);
      return problems.some(({ severity }) => severity === 'error') ? refused() : survived();
    },
  };
}

function compare(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at < 0 ? 0 : (one[at] ?? 0) - (other[at] ?? 0);
}

/** A comma list would not bear the lines that are put in. */
const inLines = recordedMaps.filter(({ map }) => map.trim().includes('\n'));

/** Recorded maps with lines put in that change no answer, those that the webhook drops among them. */
async function generated(count: number, random: Random): Promise<Verdict> {
  let answers = 0;
  for (let at = 0; at < count; at++) {
    const { map, images } = random.pick(inLines);
    const { text, dropped } = disturbed(map, random);
    const parsed = parseMirrorMap(text);
    const errors = parsed.problems.filter(({ severity }) => severity === 'error');
    const before = parseMirrorMap(map).problems.filter(({ severity }) => severity === 'error');
    const told = errors.map(({ line, column }) => `${line}:${column}`);
    assert.ok(before.length + dropped.length === told.length, JSON.stringify({ text, told }));
    for (const place of dropped)
      assert.ok(told.includes(place), `nothing is said of ${place} in ${JSON.stringify(text)}`);
    for (const { image, webhook } of images)
      assert.deepEqual(webhookImage(parsed, image), webhook, JSON.stringify({ text, image }));
    answers += images.length;
  }
  return survived({ maps: count, answers, 'differing from the webhook': 0 });
}

const harmless = ['', '# a remark', '   # docker.io::elsewhere', ' ', 'zz9.example::h.example/zz9'];
const ignored = ['docker.io', 'quay.io::a::b', 'r.example.com:5000:x', '  gcr.io', '[EXACT]nginx'];

/** With the places of the lines that the webhook drops. */
function disturbed(map: string, random: Random): { text: string; dropped: string[] } {
  const lines = [...map.trimEnd().split('\n')].flatMap((line) => {
    const some = Array.from({ length: random.below(3) }, () =>
      random.pick(random.chance(0.3) ? ignored : harmless),
    );
    return [...some, line];
  });
  const dropped = lines.flatMap((line, at) =>
    ignored.includes(line) ? [`${at + 1}:${line.length - line.trimStart().length + 1}`] : [],
  );
  const text = lines.join(random.pick(['\n', '\r\n']));
  return { text: random.pick(['', '\ufeff']) + text, dropped };
}

async function ignoredEntries(): Promise<Verdict> {
  const { job } = await desks.at();
  const text = '# ours\r\ndocker.io::T/m\r\n  quay.io\r\na::b::c\r\n';
  await job.write('maps.conf', text.replace('T/', 'harbor.example.org/'));
  const section = { mirrorRegistries: { file: 'maps.conf' } };
  const ended = await desks.run({ images: ['nginx:1'], section }, 'plan');
  assert.equal(ended.exitCode, 2, ended.stderr);
  assert.match(ended.stderr, /maps\.conf:3:3: quay\.io has no "::"/);
  assert.match(ended.stderr, /maps\.conf:4:1: a::b::c has "::" more than once/);
  return refused();
}
