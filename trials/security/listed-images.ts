import { strict as assert } from 'node:assert';
import { digestAt } from '../../test/helpers/ask.ts';
import { type Case, refused, survived, type Trial } from '../trial.ts';
import { Desks, type Fields } from './desk.ts';

const desks = new Desks({
  'docker.io/library/nginx:1': { platforms: ['linux/amd64', 'linux/arm64'] },
  'docker.io/library/nginx:latest': {},
});

export const images: Trial = {
  id: 'T18',
  title: 'a list of images is pinned as it is written, or refused by name',
  star: false,
  isQuick: true,
  cases: (size) => {
    const all = Object.entries(table).map(([name, row]) => caseOf(name, row));
    return size === 'smoke' ? all.filter((_, at) => at % 6 === 0) : all;
  },
  close: desks.close,
};

interface Row {
  /** Gets the digest of nginx:1, in hexadecimal. */
  readonly fields: (hex: string) => Fields;
  readonly exitCode: 0 | 2;
  readonly says: RegExp;
  /** How many the inventory has when it is done; each is pinned. */
  readonly count?: number;
}

const one = (image: (hex: string) => string) => (hex: string) => ({ images: [image(hex)] });
const table: Readonly<Record<string, Row>> = {
  none: { fields: () => ({ images: [] }), exitCode: 2, says: /no image is listed/ },
  'no list': { fields: () => ({}), exitCode: 2, says: /images is missing/ },
  'no tag': {
    fields: one(() => 'nginx'),
    exitCode: 0,
    says: /nginx names no fixed version/,
    count: 1,
  },
  latest: {
    fields: one(() => 'nginx:latest'),
    exitCode: 0,
    says: /nginx:latest names no fixed version/,
    count: 1,
  },
  'a digest whose tag is elsewhere by now': {
    fields: one((hex) => `nginx:latest@sha256:${hex}`),
    exitCode: 0,
    says: /the tag now resolves to sha256:[0-9a-f]{64}; the digest that you wrote is taken/,
    count: 1,
  },
  'a digest that is not there': {
    fields: one(() => `nginx@sha256:${'0'.repeat(64)}`),
    exitCode: 2,
    says: /nginx@sha256:0{64} .*its registry does not have it/,
  },
  'a platform that it does not have': {
    fields: () => ({ images: ['nginx:latest'], platforms: ['linux/s390x'] }),
    exitCode: 2,
    says: /nginx:latest has none of linux\/s390x \(it has linux\/amd64\)/,
  },
  'a platform that it does not have, among others': {
    fields: () => ({ images: ['nginx:1'], platforms: ['linux/amd64', 'linux/s390x'] }),
    exitCode: 0,
    says: /nginx:1 is not there for linux\/s390x/,
    count: 1,
  },
  'a short digest': {
    fields: one((hex) => `nginx@sha256:${hex.slice(1)}`),
    exitCode: 2,
    says: /nginx@sha256:[0-9a-f]{63} \(images\[0\]\): /,
  },
  'a digest in upper case': {
    fields: one((hex) => `nginx@sha256:${hex.toUpperCase()}`),
    exitCode: 2,
    says: /nginx@sha256:[0-9A-F]{64} \(images\[0\]\): /,
  },
  'a digest by sha512': {
    fields: one((hex) => `nginx@sha512:${hex}${hex}`),
    exitCode: 2,
    says: /nginx@sha512:[0-9a-f]{128} \(images\[0\]\): /,
  },
  'a name that no registry has': {
    fields: () => ({ images: ['nginx:1', 'gone:1'] }),
    exitCode: 2,
    says: /gone:1 \(images\[1\]\): its registry does not have it/,
  },
  duplicates: {
    fields: (hex) => ({ images: ['nginx:1', 'nginx:1', `nginx:1@sha256:${hex}`] }),
    exitCode: 0,
    says: /resolving 2 images/,
    count: 2,
  },
};

function caseOf(name: string, { fields, exitCode, says, count }: Row): Case {
  return {
    name,
    run: async () => {
      const { source } = await desks.at();
      const digest = await digestAt(source.host, 'docker.io/library/nginx', '1');
      const ended = await desks.run(fields(digest.slice('sha256:'.length)), 'plan');
      assert.equal(ended.exitCode, exitCode, ended.stderr);
      const problems = ended.json.problems ?? [];
      assert.match([ended.stderr, ...problems.map(({ message }) => message)].join('\n'), says);
      if (exitCode === 2) return refused();
      const pinned = ended.json.inventory.images.map((image) => image.digest);
      assert.equal(pinned.length, count);
      for (const one of pinned) assert.match(one, /^sha256:[0-9a-f]{64}$/);
      return survived();
    },
  };
}
