import { parse, TomlError, type TomlTable } from 'smol-toml';
import { readText } from '../inputs/files.ts';
import type { ContainerdSource } from '../inputs/image-source.ts';
import { AirgapError } from '../report/error.ts';
import { type Found, foundOf } from './found.ts';
import type { Mention } from './mention.ts';

/**
 * The images that a node's containerd pulls by itself, which no pod names: that of every pod's sandbox. In version 3
 * of its configuration these are `pinned_images`, before that `sandbox_image`.
 */
export async function findInContainerd({ path, name, field }: ContainerdSource): Promise<Found> {
  const text = await readText(path, field);
  const plugins = tableIn(parseToml(text, name, field), 'plugins');
  const lines = text.split('\n');
  return foundOf(
    [...sandboxImages(plugins), ...pinnedImages(plugins)].map((found) => ({
      ...found,
      line: lineOf(found.image, lines),
    })),
    name,
  );
}

type Pinned = Omit<Mention, 'line'>;

const before3 = ['cri', 'io.containerd.grpc.v1.cri'];
const since3 = 'io.containerd.cri.v1.images';

function sandboxImages(plugins: TomlTable): Pinned[] {
  return before3.flatMap((plugin) =>
    pinned(tableIn(plugins, plugin).sandbox_image, `plugins."${plugin}".sandbox_image`),
  );
}

function pinnedImages(plugins: TomlTable): Pinned[] {
  const images = tableIn(tableIn(plugins, since3), 'pinned_images');
  return Object.entries(images).flatMap(([name, image]) =>
    pinned(image, `plugins."${since3}".pinned_images.${name}`),
  );
}

function pinned(image: unknown, place: string): Pinned[] {
  if (typeof image !== 'string' || image === '') return [];
  return [{ image, place, isSuspected: false }];
}

function tableIn(table: TomlTable, key: string): TomlTable {
  const found = table[key];
  const isTable = typeof found === 'object' && !Array.isArray(found) && !(found instanceof Date);
  return isTable ? (found as TomlTable) : {};
}

/** Of the line that sets it; TOML is read without lines. */
function lineOf(image: string, lines: readonly string[]): number {
  const sets = (line: string) => /^[^#=]*=/.test(line) && /(["'])(.*?)\1/.exec(line)?.[2] === image;
  return lines.findIndex(sets) + 1;
}

function parseToml(text: string, name: string, field: string): TomlTable {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const why = cause.message.split('\n')[0]?.replace('Invalid TOML document: ', '');
    const given = `${name}:${cause.line}:${cause.column}`;
    throw new AirgapError('usage', `${field} is not valid TOML: ${why}`, {
      given,
      next: 'correct the file: containerd does not take it either',
      cause,
    });
  }
}
