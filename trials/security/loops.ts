import { strict as assert } from 'node:assert';
import { effectiveMap } from '../../src/mirror-map/effective.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { webhookImage } from '../../src/mirror-map/webhook.ts';
import { image, planOf, problemsOf, spec } from '../../test/plan/setting.ts';
import type { Random } from '../random.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { refusedFor } from './collisions.ts';
import { Desks, type Fields } from './desk.ts';
import { listed, mapOf, target } from './generated-maps.ts';

const desks = new Desks({ 'docker.io/library/nginx:1': {}, 'quay.io/swap:1': {} });

/** The webhook meets its own answers again: on updates of a pod, and when another webhook changes it. */
export const loops: Trial = {
  id: 'T15',
  title: 'a map that rewrites its own answers is refused with the line that cures it',
  star: true,
  cases: (size) => {
    const count = { smoke: 200, small: 2_000, full: 20_000 }[size];
    const all = Object.entries(table).map(([name, row]) => caseOf(name, row));
    return [
      ...(size === 'smoke' ? all.slice(0, 2) : all),
      { name: `${count} generated maps`, seconds: 300, run: (random) => generated(count, random) },
    ];
  },
  close: desks.close,
};

interface Row {
  readonly fields: Fields;
  /** Whose name is told; none: there is no loop. */
  readonly loops?: string;
}

const table: Readonly<Record<string, Row>> = {
  'the default takes the target too': {
    fields: { map: 'default::T/m,noswap_wildcards::elsewhere', images: ['quay.io/swap:1'] },
    loops: 'quay.io/swap:1',
  },
  'image-swap itself': {
    fields: {
      map: 'default::T/m,noswap_wildcards::nginx',
      images: ['nginx:1'],
      imageSwap: { chart: './image-swap-1.5.3.tgz', image: 'quay.io/swap:1' },
    },
    loops: 'quay.io/swap:1',
  },
  'the target is a source itself': {
    fields: { map: 'default::,quay.io::T/m/quay.io,T::T/m/x', images: ['quay.io/swap:1'] },
    loops: 'quay.io/swap:1',
  },
  'the default, and the target excluded': {
    fields: { map: 'default::T/m,noswap_wildcards::127.0.0.1', images: ['quay.io/swap:1'] },
  },
  'no default': { fields: { map: 'quay.io::T/m/quay.io', images: ['quay.io/swap:1'] } },
};

function caseOf(name: string, { fields, loops: looping }: Row): Case {
  return {
    name,
    run: async () => {
      const ended = await desks.run(fields, 'plan');
      if (looping === undefined) {
        assert.equal(ended.exitCode, 0, ended.stderr);
        return survived();
      }
      const cure = refusedFor(ended, 'rewrite-loop', [looping]);
      assert.match(cure, /^(noswap_wildcards::.*)?127\.0\.0\.1/);
      const cured = await desks.run({ ...fields, map: `${fields.map},${cure}` }, 'plan');
      assert.equal(cured.exitCode, 0, `${cure}\n${cured.stderr}`);
      return refused();
    },
  };
}

/** No image may change twice, unless that is told; with the cure's line none does. */
async function generated(count: number, random: Random): Promise<Verdict> {
  let looping = 0;
  for (let at = 0; at < count; at++) {
    const map = mapOf(random);
    for (const name of listed) {
      if (!swapsTwice(map, name)) continue;
      looping++;
      const problems = problemsOf(planOf(spec(map, target), [image(name)]));
      const loop = problems.find(({ kind }) => kind === 'rewrite-loop');
      // What leaves the target is refused for that.
      if (!loop && problems.some(({ kind }) => kind === 'outside-target')) continue;
      assert.ok(loop, `${name} is rewritten twice under\n${map}`);
      const line = /^\S+::\S*$/.exec(loop.cure)?.[0];
      if (line) assert.ok(!swapsTwice(`${map}\n${line}`, name), `${line} cures nothing in\n${map}`);
    }
  }
  assert.ok(looping > 0, 'no map loops');
  return refused({ maps: count, loops: looping, 'not told': 0 });
}

function swapsTwice(map: string, name: string): boolean {
  const effective = effectiveMap(parseMirrorMap(map), target.endpoint);
  const once = webhookImage(effective, name);
  if ('error' in once) return false;
  const twice = webhookImage(effective, once.image);
  return 'error' in twice || twice.image !== once.image;
}
