import { open } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { parse, TomlError, type TomlTable } from 'smol-toml';
import { unreadable } from '../../inputs/files.ts';
import { AirgapError } from '../../report/error.ts';
import { oneLine } from '../../report/safe.ts';

/** A node's own file has some KiB. */
const mostBytes = 4 * 1024 * 1024;

/** A TOML file of a node. @throws AirgapError as `readNodeText` and `parseToml` do */
export async function readToml(path: string): Promise<TomlTable> {
  return parseToml(await readNodeText(path), path);
}

/** @throws AirgapError usage for a file that is not there, or is too large for what it should be; io */
export async function readNodeText(path: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readSome(path);
  } catch (cause) {
    throw unreadable(path, 'a file of the node', cause);
  }
  if (bytes.length <= mostBytes) return bytes.toString();
  throw new AirgapError('usage', 'a file of the node is too large to be its configuration', {
    given: path,
    expected: `at most ${mostBytes / 1024 / 1024} MiB of TOML`,
    next: 'give config.toml or certs.d of a node',
  });
}

/** One byte more than is allowed, at most; a pipe is read too. */
async function readSome(path: string): Promise<Buffer> {
  const file = await open(path);
  try {
    const parts: Buffer[] = [];
    let left = mostBytes + 1;
    while (left > 0) {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(left, 65536)));
      if (bytesRead === 0) break;
      parts.push(buffer.subarray(0, bytesRead));
      left -= bytesRead;
    }
    return Buffer.concat(parts);
  } finally {
    await file.close();
  }
}

/** @throws AirgapError usage with the place, and of its line what is no secret */
export function parseToml(text: string, path: string): TomlTable {
  try {
    return parse(text.replace(/^\uFEFF/, ''), {
      integersAsBigInt: 'asNeeded',
      unsafeKeyBehaviour: 'drop',
    });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const { line, column } = error;
    // The parser's own text goes on with the lines around, in which passwords may stand.
    const why = (error.message.split('\n')[0] ?? '').replace(/^Invalid TOML document: /, '');
    throw new AirgapError('usage', `${path}:${line}:${column} is not TOML: ${why}`, {
      given: shownLine(text.split(/\r?\n/)[line - 1] ?? ''),
      next: 'correct the file: containerd does not take it either',
    });
  }
}

const harmless =
  /^\s*(?:version|imports|config_path|endpoint|server|capabilities|override_path|skip_verify|ca|ca_file)\s*=/;

/** A line of a file whose other values may be passwords: those are left out. */
function shownLine(line: string): string {
  const equals = line.indexOf('=');
  const isHeader = /^\s*\[{1,2}[\w\s."'*:/-]*\]{0,2}\s*$/.test(line);
  const isHarmless = harmless.test(line) && !/[=@]/.test(line.slice(equals + 1));
  const mayHaveLogin = /:\/\/[^/]*:/.test(line);
  if ((isHeader || isHarmless) && !mayHaveLogin) return oneLine(line, 200);
  const upToEquals = line.slice(0, equals + 1);
  return equals < 0 || upToEquals.includes('://') ? '…' : `${oneLine(upToEquals, 200)} …`;
}

const etc = '/etc/containerd/';

/**
 * Where a file that the configuration names may lie on this machine, the likelier place first: what was copied from a
 * node with its /etc/containerd lies beside the copy.
 * @param folder of the file that names it, which stands for /etc/containerd
 */
export function placesOf(path: string, folder: string): string[] {
  if (!isAbsolute(path)) return [join(folder, path)];
  return path.startsWith(etc) ? [join(folder, path.slice(etc.length)), path] : [path];
}
