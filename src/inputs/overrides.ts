import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { type Setting, settings, variableOf } from './settings.ts';

/** Values as given outside the file, by setting name: a flag's or an Action input's, lists already split. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

/** What lies over bundle.yaml: flags over variables over the file. */
export interface Layers {
  readonly flags: Given;
  readonly variables: Given;
}

type Document = Record<string, unknown>;

/** The settings that are given as AIRGAP_BUNDLE_… variables; an empty one counts as absent. */
export function variablesOf(env: Readonly<Record<string, string | undefined>>): Given {
  return Object.fromEntries(
    settings.map((setting) => [setting.name, env[variableOf(setting)] || undefined]),
  );
}

/**
 * Lays flags over variables over the parsed file.
 * @param cwd where relative paths in flags and variables start
 * @throws AirgapError usage for a value that its setting cannot take, or two that contradict each other
 */
export function withOverrides(file: Document, layers: Layers, cwd: string): Document {
  const document = structuredClone(file);
  for (const given of [layers.variables, layers.flags]) {
    refuseContradictions(given);
    placeImages(document, given, cwd);
    for (const setting of settings) {
      const value = given[setting.name];
      if (value !== undefined && setting.field[0] !== 'images') {
        place(document, setting, value, cwd);
      }
    }
  }
  return document;
}

/** Splits a list by line break or comma; `#` starts a comment. */
export function splitList(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/(^|\s)#.*$/, ''))
    .flatMap((line) => line.split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const contradictions = [
  ['ca-cert', 'ca-cert-file'],
  ['mirror-registries', 'mirror-registries-file'],
  ['signing-key-file', 'unsigned'],
] as const;

function refuseContradictions(given: Given): void {
  for (const [one, other] of contradictions) {
    if (given[one] === undefined || given[other] === undefined) continue;
    if (String(given[other]) === 'false') continue;
    throw new AirgapError('usage', `${one} and ${other} are both given`, {
      expected: 'one of the two',
      next: 'leave one of the two out',
    });
  }
}

/** Images and a file of images stand together, in place of those of the layer below. */
function placeImages(document: Document, given: Given, cwd: string): void {
  const list = given['images-file'];
  const named = given.images === undefined ? [] : listOf(given.images);
  if (given.images !== undefined && named.length === 0) throw noImageNamed();
  const images = [...named, ...(list === undefined ? [] : [{ list: resolve(cwd, String(list)) }])];
  if (images.length > 0) document.images = images;
}

/** A shell variable that is not set must not stand for all images of the file. */
function noImageNamed(): AirgapError {
  return new AirgapError('usage', 'images is given, but names no image', {
    expected: 'one image or more, such as nginx:1.27',
    next: 'name an image, or leave it out to take those of the bundle file',
  });
}

function place(document: Document, setting: Setting, value: Given[string], cwd: string): void {
  const [first = '', second] = setting.field;
  if (first === 'registries' && second) placeRegistries(document, second, setting, value);
  else if (first === 'signing') sign(document, resolve(cwd, String(value)));
  else if (first === 'unsigned') leaveUnsigned(document, switchOf(setting, value));
  else placeField(document, setting, convert(setting, value, cwd));
}

function placeField(document: Document, { field }: Setting, value: unknown): void {
  let holder = document;
  if (field[0] === 'ociImageRegistry' && isDocument(document.config)) holder = document.config;
  for (const key of field.slice(0, -1)) {
    if (!isDocument(holder[key])) holder[key] = {};
    holder = holder[key] as Document;
  }
  holder[field.at(-1) ?? ''] = value;
}

function sign(document: Document, key: string): void {
  document.signing = { key };
  delete document.unsigned;
}

/** Either word of the file is taken back by the other one of a flag or variable. */
function leaveUnsigned(document: Document, unsigned: boolean): void {
  const wasUnsigned = isDocument(document.signing) && document.signing.unsigned === true;
  if (unsigned || wasUnsigned) delete document.signing;
  document.unsigned = unsigned;
}

function placeRegistries(
  document: Document,
  key: string,
  setting: Setting,
  value: Given[string],
): void {
  const registries = isDocument(document.registries) ? document.registries : {};
  document.registries = registries;
  for (const item of listOf(value)) {
    const [host = '', mirror] = setting.kind === 'pairs' ? splitPair(setting, item) : [item];
    const access = isDocument(registries[host]) ? registries[host] : {};
    registries[host] = { ...access, [key]: mirror ?? true };
  }
}

function splitPair(setting: Setting, item: string): [string, string] {
  const at = item.indexOf('=');
  if (at > 0 && at < item.length - 1) return [item.slice(0, at), item.slice(at + 1)];
  throw new AirgapError('usage', `${setting.name} takes pairs`, {
    given: item,
    expected: 'docker.io=127.0.0.1:5001/docker.io',
  });
}

function convert(setting: Setting, value: Given[string], cwd: string): unknown {
  if (setting.kind === 'list') return listOf(value);
  if (setting.kind === 'switch' || setting.kind === 'choice') return switchOf(setting, value);
  if (setting.kind === 'path') return resolve(cwd, String(value));
  if (setting.kind === 'number') return numberOf(setting, value);
  if (isPath(setting, String(value))) return resolve(cwd, String(value));
  return String(value);
}

/** Two settings take a path or something else. */
function isPath({ name }: Setting, value: string): boolean {
  if (name === 'chart') return !value.startsWith('oci://');
  return name === 'ca-cert' && value !== '' && !value.includes('-----BEGIN');
}

function switchOf(setting: Setting, value: Given[string]): boolean {
  if (value === true || value === 'true') return true;
  if (value === false || value === 'false') return false;
  throw new AirgapError('usage', `${setting.name} is neither true nor false`, {
    given: String(value),
  });
}

function numberOf(setting: Setting, value: Given[string]): number {
  const number = Number(value);
  if (value !== '' && Number.isSafeInteger(number)) return number;
  throw new AirgapError('usage', `${setting.name} is no whole number`, {
    given: String(value),
    expected: 'digits alone',
  });
}

function listOf(value: Given[string]): string[] {
  const texts = Array.isArray(value) ? value : [String(value)];
  return texts.flatMap(splitList);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
