import type { FrontProxy, FrontRequest } from '../../test/helpers/proxy.ts';
import {
  blobOf,
  both,
  type Fault,
  fault,
  isBlobGet,
  isManifestGet,
  isManifestPut,
  isPatch,
  isTagPut,
  isUploadPost,
  isUploadPut,
  type Which,
  window,
} from '../faults.ts';
import type { Site, Verb } from '../site.ts';
import { tokenGate } from '../tokens.ts';
import type { Size } from '../trial.ts';

/** Where a fault is to come. */
export interface Scene {
  readonly site: Site;
  readonly verb: Verb;
  /** Whose requests meet it. */
  readonly whose: Which;
  readonly size: Size;
}

/** One transient fault, once in a run. */
export interface SingleFault {
  readonly name: string;
  /** What oras, crane, regctl and skopeo made of it, as measured. */
  readonly others: readonly [string, string, string, string];
  readonly meets: 'reading' | 'writing';
  /** Puts it into the proxy that it belongs to. */
  place(scene: Scene): Fault;
  /** Comes in a second run, after one that was not disturbed. */
  readonly isInRerun?: true;
}

const unavailable = { status: 503, body: '{"errors":[{"code":"UNAVAILABLE"}]}' };
const ok = 'ok';
const fail = 'fail';

/** The 17 of the table, in its order. */
export const singleFaults: readonly SingleFault[] = [
  {
    name: '429, window of 6 s with Retry-After',
    meets: 'reading',
    others: ['ok', fail, ok, ok],
    place: (scene) => limited(scene, { smoke: 1, small: 6, full: 6 }[scene.size]),
  },
  {
    name: '429, window of 25 s',
    meets: 'reading',
    others: [fail, fail, ok, ok],
    place: (scene) => limited(scene, { smoke: 3, small: 25, full: 25 }[scene.size]),
  },
  {
    name: 'blob GET 503 twice',
    meets: 'reading',
    others: [ok, ok, fail, fail],
    place: (scene) => reading(scene, () => unavailable, 2),
  },
  {
    name: 'body cut at 50 %, once',
    meets: 'reading',
    others: [fail, ok, ok, fail],
    place: (scene) => reading(scene, (size) => ({ cutAfter: size >> 1 })),
  },
  {
    name: 'body cut at 25 %, three times',
    meets: 'reading',
    others: [fail, fail, ok, fail],
    place: (scene) => reading(scene, (size) => ({ cutAfter: size >> 2 }), 3),
  },
  {
    name: 'body truncated, no Content-Length',
    meets: 'reading',
    others: [fail, fail, ok, fail],
    place: (scene) => reading(scene, (size) => ({ endAfter: size >> 1 })),
  },
  {
    name: 'bit flip once',
    meets: 'reading',
    others: [fail, fail, ok, fail],
    place: (scene) => reading(scene, (size) => ({ flipAt: size >> 1 })),
  },
  {
    name: 'reset before headers',
    meets: 'reading',
    others: [ok, ok, ok, fail],
    place: (scene) => reading(scene, () => 'reset'),
  },
  {
    name: 'PUT blob 503 once',
    meets: 'writing',
    others: [fail, fail, ok, fail],
    place: (scene) => writing(scene, fault(of(scene, isUploadPut), unavailable)),
  },
  {
    name: 'upload cut once',
    meets: 'writing',
    others: [fail, ok, ok, fail],
    place: (scene) => writing(scene, fault(of(scene, isUploadPut, isLong), { sentCutAfter: 50 })),
  },
  {
    name: 'POST upload reset once',
    meets: 'writing',
    others: [fail, ok, ok, fail],
    place: (scene) => writing(scene, fault(of(scene, isUploadPost), 'reset')),
  },
  {
    name: 'PUT done, ack lost',
    meets: 'writing',
    others: [fail, ok, fail, fail],
    place: (scene) => writing(scene, fault(of(scene, isUploadPut), { isAckLost: true })),
  },
  {
    name: '401 at PUT, token expired',
    meets: 'writing',
    others: [fail, fail, ok, fail],
    place: (scene) => expiring(scene),
  },
  {
    name: 'PATCH 416 once',
    meets: 'writing',
    others: ['n/a', fail, 'n/a', 'n/a'],
    place: (scene) => writing(scene, fault(of(scene, isPatch), { status: 416 })),
  },
  {
    name: 'manifest PUT 503 once',
    meets: 'writing',
    others: [ok, fail, fail, fail],
    place: (scene) => writing(scene, fault(of(scene, isManifestPut), unavailable)),
  },
  {
    name: 'rerun, immutable tag, same digest',
    meets: 'writing',
    others: [fail, ok, ok, fail],
    isInRerun: true,
    place: (scene) =>
      writing(scene, fault(isTagPut, { status: 412, body: '' }, Number.POSITIVE_INFINITY)),
  },
  {
    name: 'body stalls for ever',
    meets: 'reading',
    others: ['hang', 'hang', 'hang', 'hang'],
    place: (scene) =>
      scene.verb === 'load'
        ? writing(scene, fault(of(scene, isUploadPut, isLong), { sentStallAfter: 50 }))
        : reading(scene, (size) => ({ stallAfter: size >> 1 })),
  },
];

const of = ({ whose }: Scene, ...whiches: readonly Which[]): Which => both(whose, ...whiches);

/** `load` reads its bundle; from a registry it reads no more than manifests, in the target. */
const readFrom = ({ site, verb }: Scene): FrontProxy =>
  (verb === 'load' ? site.target : site.source).front;

const isLong: Which = ({ headers }) => Number(headers['content-length']) > 10;

function placed<F extends Fault>(front: FrontProxy, made: F): F {
  front.rules.push(made.rule);
  return made;
}

const writing = <F extends Fault>({ site }: Scene, made: F): F => placed(site.target.front, made);

function reading(
  scene: Scene,
  answer: (size: number) => Parameters<typeof fault>[1],
  times = 1,
): Fault {
  const sizes = new Map(scene.site.inventory.blobs.map(({ digest, size }) => [digest, size]));
  const sizeOf = (request: FrontRequest) => sizes.get(digestIn(request)) ?? 0;
  const isWorthIt: Which = (request) => sizeOf(request) > (scene.verb === 'load' ? 0 : 10_000);
  const which = scene.verb === 'load' ? isManifestGet : isBlobGet;
  const made = fault(
    of(scene, which, isWorthIt),
    (request) => {
      const given = answer(sizeOf(request));
      return typeof given === 'function' ? given(request) : given;
    },
    times,
  );
  return placed(readFrom(scene), made);
}

const digestIn = (request: FrontRequest): string =>
  blobOf(request) ?? /\/manifests\/(sha256:\w+)$/.exec(request.path)?.[1] ?? '';

/** Begins with a body that is asked for, or where none is, with an upload. */
function limited(scene: Scene, seconds: number): Fault {
  const which = scene.verb === 'load' ? isUploadPost : isBlobGet;
  return placed(readFrom(scene), window(of(scene, which), seconds, 'seconds'));
}

/** Every token given so far is refused from the first upload on. */
function expiring(scene: Scene): Fault {
  const { front } = scene.site.target;
  const tokens = tokenGate(`http://${front.host}/token`);
  const expires = fault(of(scene, isUploadPut), () => {
    tokens.expire();
    return { status: 401, headers: { 'www-authenticate': tokens.challenge }, body: '' };
  });
  placed(front, expires);
  placed(front, tokens);
  return expires;
}
