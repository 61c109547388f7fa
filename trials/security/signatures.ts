import { strict as assert } from 'node:assert';
import { generateKeyPairSync, sign } from 'node:crypto';
import { encodeHeader } from '../../src/bundle/archive.ts';
import type { Trust } from '../../src/bundle/verify.ts';
import { type Case, refused, survived, type Trial } from '../trial.ts';
import { makePair, type Outcome, type Pair, Workshop } from './bundles.ts';

const shop = new Workshop();
const [mine, other, third] = [makePair(), makePair('ecdsa-p256'), makePair()];
const bystander = makePair('ecdsa-p256');

/** Flags that let other things pass must not let a signature pass that is there and wrong. */
const overrides: readonly Partial<Trust>[] = [{}, { allowUnsigned: true }, { allowExpired: true }];

export const wrongSignatures: Trial = {
  id: 'T2',
  title: 'unsigned or wrongly signed is never accepted without an explicit flag',
  star: true,
  cases: () => [
    ...Object.entries(wrong).map(([name, make]) => caseOf(name, make)),
    {
      name: 'without a signature',
      run: async () => {
        const bytes = await shop.make(undefined);
        assert.equal(await shop.open(bytes, { keys: [mine.key] }), 'signature');
        const allowed = { keys: [mine.key], allowUnsigned: true };
        assert.equal(await shop.open(bytes, allowed), 'accepted');
        return refused();
      },
    },
    {
      name: 'the signature taken out',
      run: async () => {
        const bytes = await shop.make(mine);
        const at = bytes.indexOf('bundle.sig\0');
        const cut = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1024)]);
        assert.equal(await shop.open(cut, { keys: [mine.key] }), 'signature');
        return refused();
      },
    },
  ],
  close: shop.close,
};

/** The body of `bundle.sig` over these bytes of `bundle.json`. */
type Signature = (inventory: Buffer) => Buffer | string;

const wrong: Readonly<Record<string, Signature>> = {
  'by a stranger': (inventory) => line(third.signer.sign(inventory)),
  'by a stranger with a key of the other kind': (inventory) => line(other.signer.sign(inventory)),
  'over other bytes': (inventory) => line(mine.signer.sign(inventory.subarray(1))),
  'over its hash': (inventory) => line(mine.signer.sign(Buffer.from(inventory.toString('hex')))),
  'by RSA': (inventory) => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return line(sign('sha256', inventory, privateKey));
  },
  'by P-384': (inventory) => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    return line(sign('sha256', inventory, privateKey));
  },
  'by Ed448': (inventory) => {
    const { privateKey } = generateKeyPairSync('ed448');
    return line(sign(null, inventory, privateKey));
  },
  'of zeros': () => line(Buffer.alloc(64)),
  'of an identity point': () => line(Buffer.concat([Buffer.of(1), Buffer.alloc(63)])),
  empty: () => '',
  'a lone line break': () => '\n',
  'cut short': (inventory) => line(mine.signer.sign(inventory).subarray(0, 63)),
  'with a byte more': (inventory) =>
    line(Buffer.concat([mine.signer.sign(inventory), Buffer.of(0)])),
  twice: (inventory) => line(mine.signer.sign(inventory)).repeat(2),
  'the good one behind a bad one': (inventory) =>
    line(Buffer.alloc(64)) + line(mine.signer.sign(inventory)),
  'without its line break': (inventory) => line(mine.signer.sign(inventory)).trimEnd(),
  'with CRLF': (inventory) => line(mine.signer.sign(inventory)).replace('\n', '\r\n'),
  'in base64url': (inventory) => `${mine.signer.sign(inventory).toString('base64url')}\n`,
  'raw, not in base64': (inventory) => mine.signer.sign(inventory),
  'as JSON': (inventory) => `{"signatures":["${mine.signer.sign(inventory).toString('base64')}"]}`,
  'of 10,000 lines': (inventory) => line(third.signer.sign(inventory)).repeat(10_000),
};

const line = (signature: Buffer): string => `${signature.toString('base64')}\n`;

function caseOf(name: string, make: Signature): Case {
  return {
    name,
    run: async () => {
      const bytes = withSignature(await shop.make(mine), make);
      for (const flags of overrides) {
        const outcome = await shop.open(bytes, { keys: [bystander.key, mine.key], ...flags });
        // One larger than 4 KiB is not even read.
        assert.match(outcome, /^(signature|integrity)$/, JSON.stringify(flags));
      }
      return refused();
    },
  };
}

/** The bundle with another `bundle.sig`, under a header that fits. */
function withSignature(bytes: Buffer, make: Signature): Buffer {
  const at = bytes.indexOf('bundle.sig\0');
  const size = Number.parseInt(bytes.toString('latin1', 124, 135), 8);
  const body = Buffer.from(make(bytes.subarray(512, 512 + size)));
  const mtime = new Date(1000 * Number.parseInt(bytes.toString('latin1', at + 136, at + 147), 8));
  const header = encodeHeader({ path: 'bundle.sig', size: body.length, mode: 0o644 }, mtime);
  const padding = Buffer.alloc((512 - (body.length % 512)) % 512);
  return Buffer.concat([bytes.subarray(0, at), header, body, padding, bytes.subarray(at + 1024)]);
}

export const rotation: Trial = {
  id: 'T3',
  title: 'a keyring takes each of its keys, and none that is revoked',
  star: false,
  cases: () =>
    keyrings.map(([name, signedBy, given, expected]) => ({
      name,
      run: async () => {
        const outcome: Outcome = await shop.open(await shop.make(signedBy), given);
        assert.equal(outcome, expected);
        return expected === 'accepted' ? survived() : refused();
      },
    })),
  close: shop.close,
};

const both = [mine.key, other.key];
const keyrings: readonly (readonly [string, Pair, Partial<Trust>, Outcome])[] = [
  ['old and new, signed by old', mine, { keys: both }, 'accepted'],
  ['old and new, signed by new', other, { keys: both }, 'accepted'],
  ['new alone, signed by old', mine, { keys: [other.key] }, 'signature'],
  ['old revoked', mine, { keys: both, revoked: [mine.key.keyId] }, 'signature'],
  ['old revoked, signed by new', other, { keys: both, revoked: [mine.key.keyId] }, 'accepted'],
  [
    'old revoked and unsigned allowed',
    mine,
    { keys: both, revoked: [mine.key.keyId], allowUnsigned: true },
    'signature',
  ],
  ['all revoked', other, { keys: both, revoked: both.map(({ keyId }) => keyId) }, 'signature'],
  ['the same key twice', mine, { keys: [mine.key, mine.key] }, 'accepted'],
];

export const clocks: Trial = {
  id: 'T9',
  title: 'expired or not yet valid is a matter of the clock, never "bad signature"',
  star: false,
  cases: () =>
    moments.map(([name, now, expected]) => ({
      name,
      run: async () => {
        const dates = { createdAt: '2026-11-22T16:00:00Z', expiresAt: '2026-12-01T00:00:00Z' };
        const bytes = await shop.make(mine, dates);
        const given = { keys: [mine.key], now: new Date(now) };
        assert.equal(await shop.open(bytes, given), expected);
        assert.equal(await shop.open(bytes, { ...given, allowExpired: true }), 'accepted');
        return expected === 'accepted' ? survived() : refused();
      },
    })),
  close: shop.close,
};

const moments: readonly (readonly [string, string, Outcome])[] = [
  ['a day early, less a second', '2026-11-21T16:00:01Z', 'accepted'],
  ['more than a day early', '2026-11-21T15:59:59Z', 'policy'],
  ['ten years early', '2016-11-22T16:00:00Z', 'policy'],
  ['1970', '1970-01-01T00:00:00Z', 'policy'],
  ['the last second', '2026-11-30T23:59:59Z', 'accepted'],
  ['expired', '2026-12-01T00:00:00Z', 'policy'],
  ['ten years late', '2036-11-22T16:00:00Z', 'policy'],
];
