import type { FrontAnswer, FrontRequest, FrontRule } from '../test/helpers/proxy.ts';

/** A rule of the proxy, and how often it did something: a fault that never came proves nothing. */
export interface Fault {
  readonly rule: FrontRule;
  hits(): number;
}

export type Which = (request: FrontRequest) => boolean;

/** The first so many requests of a kind get this answer. */
export function fault(
  which: Which,
  answer: FrontAnswer | ((request: FrontRequest) => FrontAnswer),
  times = 1,
): Fault {
  let hits = 0;
  const rule: FrontRule = (request) => {
    if (hits >= times || !which(request)) return undefined;
    hits++;
    return typeof answer === 'function' ? answer(request) : answer;
  };
  return { rule, hits: () => hits };
}

/** What `Retry-After` says while a window lasts; seconds from now are what is left of it. */
export type RetryAfter = 'seconds' | 'date' | 'absent' | `${number}`;

/** A window in which a registry answers every request with 429. */
export interface Window extends Fault {
  /**
   * Whether it lasted then, in milliseconds since 1970, and our program knew: of what oras is told alone it learns when
   * that oras has ended.
   */
  held(at: number): boolean;
  /** Requests of a program that came after it had been told, and later than those on their way then. */
  late(): { readonly ours: number; readonly oras: number };
}

/** Requests that were on their way when a first 429 was written, milliseconds. */
const onTheirWay = 300;

/** Begins with the first request of a kind. */
export function window(which: Which, seconds: number, says: RetryAfter): Window {
  let began: number | undefined;
  let hits = 0;
  const told: { ours?: number; oras?: number } = {};
  const late = { ours: 0, oras: 0 };
  const rule: FrontRule = (request) => {
    if (began === undefined && which(request)) began = Date.now();
    const since = Date.now() - (began ?? Number.POSITIVE_INFINITY);
    if (began === undefined || since >= seconds * 1000) return undefined;
    hits++;
    const who = isOras(request) ? 'oras' : 'ours';
    told[who] ??= Date.now();
    if (Date.now() - told[who] > onTheirWay) late[who]++;
    return { status: 429, headers: retryAfter(says, seconds - since / 1000), body: tooMany };
  };
  const held = (at: number) =>
    began !== undefined &&
    told.ours !== undefined &&
    at > told.ours + onTheirWay &&
    at < began + seconds * 1000 - onTheirWay;
  return { rule, hits: () => hits, held, late: () => late };
}

const tooMany = '{"errors":[{"code":"TOOMANYREQUESTS","message":"slow down"}]}';

/** A date has whole seconds, so it is the next one. */
function retryAfter(says: RetryAfter, left: number): Record<string, string> {
  const seconds = Math.ceil(left);
  if (says === 'absent') return {};
  if (says === 'date') {
    const then = Math.ceil(Date.now() / 1000 + left) * 1000;
    return { 'retry-after': new Date(then).toUTCString() };
  }
  return { 'retry-after': says === 'seconds' ? String(seconds) : says };
}

export const isOras: Which = ({ headers }) => /^oras\//.test(headers['user-agent'] ?? '');

const blob = /\/blobs\/(sha(?:256|512):[0-9a-f]+)$/;
const byDigest = /\/manifests\/sha\d+:/;
const session = /\/blobs\/uploads\/[^?]/;

export const isBlobGet: Which = ({ method, path }) => method === 'GET' && blob.test(path);
export const isManifestGet: Which = ({ method, path }) =>
  method === 'GET' && path.includes('/manifests/');
/** What a tag stands for is asked by HEAD, or by GET where nothing is known of it. */
export const isTagRead: Which = ({ method, path }) =>
  /^(?:HEAD|GET)$/.test(method) && path.includes('/manifests/') && !byDigest.test(path);
export const isUploadPost: Which = ({ method, path }) =>
  method === 'POST' && path.includes('/blobs/uploads/') && !path.includes('mount=');
export const isMount: Which = ({ method, path }) => method === 'POST' && path.includes('mount=');
export const isUploadPut: Which = ({ method, path }) => method === 'PUT' && session.test(path);
export const isPatch: Which = ({ method }) => method === 'PATCH';
export const isManifestPut: Which = ({ method, path }) =>
  method === 'PUT' && path.includes('/manifests/');
export const isTagPut: Which = (request) => isManifestPut(request) && !byDigest.test(request.path);

/** All of these hold. */
export const both =
  (...whiches: readonly Which[]): Which =>
  (request) =>
    whiches.every((which) => which(request));

/** The digest of the blob that is asked for or sent. */
export function blobOf({ path }: FrontRequest): string | undefined {
  return blob.exec(path)?.[1] ?? /[?&]digest=([^&]+)/.exec(decodeURIComponent(path))?.[1];
}
