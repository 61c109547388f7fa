import { resolve } from 'node:path';
import { AirgapError } from '../report/error.ts';
import { type Setting, settings, variableOf } from './settings.ts';

/** Values as given outside the file, by setting name: a flag's or an Action input's, lists already split. */
export type Given = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

type Document = Record<string, unknown>;

/**
 * Lays flags over variables over the parsed file.
 * @param cwd where relative paths in flags and variables start
 * @throws AirgapError usage for a value that its setting cannot take
 */
export function withOverrides(
  file: Document,
  flags: Given,
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Document {
  const document = structuredClone(file);
  for (const setting of settings) {
    const value = flags[setting.name] ?? (env[variableOf(setting)] || undefined);
    if (value !== undefined) place(document, setting, value, cwd);
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

function place(document: Document, setting: Setting, value: Given[string], cwd: string): void {
  const [first = '', second] = setting.field;
  if (first === 'registries' && second) {
    placeRegistries(document, second, setting, value);
    return;
  }
  if (first === 'images') {
    const items = listOf(value);
    document.images = second ? [{ list: resolve(cwd, items[0] ?? '') }] : items;
    return;
  }
  let holder = document;
  if (first === 'ociImageRegistry' && isDocument(document.config)) holder = document.config;
  for (const key of setting.field.slice(0, -1)) {
    if (!isDocument(holder[key])) holder[key] = {};
    holder = holder[key] as Document;
  }
  holder[setting.field.at(-1) ?? ''] = convert(setting, value, cwd);
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
  throw new AirgapError('usage', `--${setting.name} takes pairs`, {
    given: item,
    expected: `--${setting.name} docker.io=127.0.0.1:5001/docker.io`,
  });
}

function convert(setting: Setting, value: Given[string], cwd: string): unknown {
  if (setting.kind === 'list') return listOf(value);
  if (setting.kind === 'switch') return switchOf(setting, value);
  if (setting.kind === 'path') return resolve(cwd, String(value));
  if (setting.kind === 'number') return numberOf(setting, value);
  if (setting.name === 'chart' && !String(value).startsWith('oci://'))
    return resolve(cwd, String(value));
  return String(value);
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
  throw new AirgapError('usage', `${setting.name} is no whole number`, { given: String(value) });
}

function listOf(value: Given[string]): string[] {
  const texts = Array.isArray(value) ? value : [String(value)];
  return texts.flatMap(splitList);
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
