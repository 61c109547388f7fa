import type { BundleAbout } from '../commands/bundle-about.ts';
import type { Digest } from '../oci/digest.ts';
import type { ListedImage, MovedPlacement, PlacedImage } from '../plan/image-difference.ts';
import { safeText } from './safe.ts';
import { table } from './table.ts';
import { count, formatBytes } from './units.ts';

/** Rows of a table below a title; nothing where there are none. A cell cannot pass for a line of ours. */
export function section(title: string, rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  return ['', title, table(rows.map((row) => indented(row.map(oneCell))))];
}

/** More rows of one kind than this are for `--output json`. */
const maxRows = 20;

export function shortSection(title: string, rows: readonly (readonly string[])[]): string[] {
  const left = rows.length - maxRows;
  const more = left > 0 ? [`  and ${left} more: --output json has all`] : [];
  return [...section(title, rows.slice(0, maxRows)), ...more];
}

export function short(digest: Digest | string): string {
  return digest.slice(0, 19);
}

/** One image: what it is called, its digest, what it is for, and a note. */
export function imageRow(
  { source, digest, platforms, placements }: ListedImage,
  note = '',
): string[] {
  const notes = [note, placements.length > 0 ? '' : '(no rule maps it)'].filter(Boolean);
  return [source, short(digest), platforms.join(',') || '-', notes.join(' ')];
}

export function placementRow({ reference, digest }: PlacedImage): string[] {
  return [reference, short(digest)];
}

export function movedRow({ reference, from, to }: MovedPlacement): string[] {
  return [reference, short(from), `to ${short(to)}`];
}

/** `2 images added, 1 moved, 40 unchanged`. */
export function imageSums(sums: readonly (readonly [string, number])[]): string {
  const [first, ...others] = sums.filter(([, number]) => number > 0);
  if (!first) return 'no images';
  const words = others.map(([word, number]) => `${number} ${word}`);
  return [`${count(first[1], 'image')} ${first[0]}`, ...words].join(', ');
}

/** Who a bundle is, and how far that can be believed. */
export function aboutText(role: string, about: BundleAbout, other?: BundleAbout): string[] {
  const { path, name, version, sequence, createdAt, size } = about;
  const facts = [`${name} ${version}`, `sequence ${sequence}`, `made ${createdAt}`];
  const base = about.base ? [baseText(about.base, other)] : [];
  const lines = [
    `${path}: ${[...facts, ...expiry(about), formatBytes(size)].join(', ')}`,
    `${trustWords(about)}; its contents were not read (airgap-bundle verify does that)`,
    ...base,
    ...(about.carries === 'none' ? ['a light bundle: its images are not in it'] : []),
  ];
  return lines.map((line, at) => `${(at === 0 ? role : '').padEnd(4)}  ${oneCell(line)}`);
}

function trustWords({ verified, signed, keyId }: BundleAbout): string {
  if (verified) return `signed by key ${keyId}`;
  return signed ? 'NOT VERIFIED: signed, by whom was not checked' : 'NOT SIGNED';
}

function expiry({ expiresAt, isExpired }: BundleAbout): string[] {
  if (expiresAt === null) return [];
  return [`${isExpired ? 'EXPIRED' : 'expires'} ${expiresAt}`];
}

function baseText(base: NonNullable<BundleAbout['base']>, other: BundleAbout | undefined): string {
  const about = `a delta: builds on ${base.name} ${base.version}, sequence ${base.sequence}`;
  if (!other) return `${about}, which must be in the registry already`;
  return other.digest === base.inventoryDigest
    ? `${about}, which is the first one here`
    : `${about}, which is NOT the first one here, and must be in the registry already`;
}

function indented([first = '', ...others]: readonly string[]): string[] {
  return [`  ${first}`, ...others];
}

/** Text from elsewhere that stays within its line. */
export function oneCell(text: string): string {
  return safeText(text).replace(/[\t\n]/g, ' ');
}
