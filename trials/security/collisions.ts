import { strict as assert } from 'node:assert';
import { effectiveMap } from '../../src/mirror-map/effective.ts';
import { parseMirrorMap } from '../../src/mirror-map/parse.ts';
import { webhookImage } from '../../src/mirror-map/webhook.ts';
import { parseReference } from '../../src/oci/reference.ts';
import type { Ended, Outcome } from '../../test/helpers/job.ts';
import { digestOfImage, image, planOf, problemsOf, spec } from '../../test/plan/setting.ts';
import type { Random } from '../random.ts';
import { type Case, refused, survived, type Trial, type Verdict } from '../trial.ts';
import { Desks, type Fields } from './desk.ts';
import { listed, mapOf, target } from './generated-maps.ts';

const pause = { layers: ['pause'] };
const desks = new Desks({
  'docker.io/library/nginx:1': { layers: ['nginx'] },
  'docker.io/library/nginx:2': { layers: ['nginx, the second'] },
  'gcr.io/pause:1': pause,
  'k8s.gcr.io/pause:1': pause,
  'gcr.io/other:1': { layers: ['one'] },
  'k8s.gcr.io/other:1': { layers: ['another'] },
});

export const collide: Trial = {
  id: 'T14',
  title: 'two sources on one target: fine when equal, else refused by both names',
  star: true,
  cases: (size) => {
    const count = { smoke: 200, small: 2_000, full: 20_000 }[size];
    const all = Object.entries(table).map(([name, row]) => caseOf(name, row));
    return [
      ...(size === 'smoke' ? all.slice(0, 3) : all),
      { name: `${count} generated maps`, seconds: 300, run: (random) => generated(count, random) },
    ];
  },
  close: desks.close,
};

interface Row {
  readonly fields: Fields;
  /** Images that collide; none: the plan is fine. */
  readonly collide?: readonly string[];
  readonly says?: RegExp;
}

const shared = 'gcr.io::T/m/gcr.io,k8s.gcr.io::T/m/gcr.io';
const table: Readonly<Record<string, Row>> = {
  'two registries, different digests': {
    fields: { map: shared, images: ['gcr.io/other:1', 'k8s.gcr.io/other:1'] },
    collide: ['gcr.io/other:1', 'k8s.gcr.io/other:1'],
  },
  'two registries, equal digests': {
    fields: { map: shared, images: ['gcr.io/pause:1', 'k8s.gcr.io/pause:1'] },
  },
  'the same key twice': {
    fields: { map: 'docker.io::T/m/a,docker.io::T/m/b', images: ['nginx:1'] },
    says: /gives the key of line 1, column 1 again; the webhook takes the later one/,
  },
  'two tags by [EXACT]': {
    fields: {
      map: '[EXACT]nginx:1::T/m/n:1,[EXACT]nginx:2::T/m/n:1',
      images: ['nginx:1', 'nginx:2'],
    },
    collide: ['nginx:1', 'nginx:2'],
  },
  'two registries by [REPLACE]': {
    fields: { map: '[REPLACE]*other*::T/m/o', images: ['gcr.io/other:1', 'k8s.gcr.io/other:1'] },
    collide: ['gcr.io/other:1', 'k8s.gcr.io/other:1'],
  },
  'an image twice': { fields: { images: ['nginx:1', 'nginx:1', 'docker.io/library/nginx:1'] } },
  'image-swap itself among them': {
    fields: {
      map: shared,
      images: ['gcr.io/other:1'],
      imageSwap: { chart: './image-swap-1.5.3.tgz', image: 'k8s.gcr.io/other:1' },
    },
    collide: ['gcr.io/other:1', 'k8s.gcr.io/other:1'],
  },
};

function caseOf(name: string, { fields, collide: named, says = /^/ }: Row): Case {
  return {
    name,
    run: async () => {
      const ended = await desks.run(fields, 'plan');
      const found = ended.json.problems.filter(({ kind }) => kind === 'collision');
      assert.match(ended.stderr, says);
      if (!named) {
        assert.deepEqual(found, []);
        assert.equal(ended.exitCode, 0, ended.stderr);
        return survived();
      }
      refusedFor(ended, 'collision', named);
      return refused();
    },
  };
}

/** By a problem whose words have all these names, and that says what to do. */
export function refusedFor(ended: Ended<Outcome>, kind: string, names: readonly string[]): string {
  assert.equal(ended.exitCode, 2, ended.stderr);
  const found = ended.json.problems.find((one) => one.kind === kind && one.severity === 'error');
  assert.ok(found, `no ${kind} in ${JSON.stringify(ended.json.problems)}`);
  for (const name of names) assert.ok(found.message.includes(name), found.message);
  assert.ok(found.cure.length > 0);
  return found.cure;
}

/** What the webhook would ask for tells which images must not share a name. */
async function generated(count: number, random: Random): Promise<Verdict> {
  let collided = 0;
  for (let at = 0; at < count; at++) {
    const map = mapOf(random);
    const images = listed.map((name) => image(name, { seed: random.pick(['equal', name]) }));
    const problems = problemsOf(planOf(spec(map, target), images));
    const effective = effectiveMap(parseMirrorMap(map), target.endpoint);
    const holders = new Map<string, [name: string, digest: string]>();
    for (const one of images) {
      const name = one.listed.image;
      const answer = webhookImage(effective, name);
      if ('error' in answer || !answer.swapped) continue;
      const [first, digest] = holders.get(answer.image) ?? [name, digestOfImage(one)];
      holders.set(answer.image, [first, digest]);
      if (digest === digestOfImage(one) || !isPlace(answer.image)) continue;
      collided++;
      const isTold = problems.some(
        ({ kind, images: both }) =>
          kind === 'collision' && both.includes(first) && both.includes(name),
      );
      assert.ok(isTold, `${first} and ${name} are both ${answer.image} under\n${map}`);
    }
  }
  assert.ok(collided > 0, 'no images collide');
  return refused({ maps: count, collisions: collided, 'not told': 0 });
}

/** What is no place in the target is refused for that. */
function isPlace(name: string): boolean {
  try {
    parseReference(name);
  } catch {
    return false;
  }
  return name.startsWith(`${target.endpoint}/${target.basePath}/`);
}
