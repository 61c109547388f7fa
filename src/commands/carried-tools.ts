import { readFile } from 'node:fs/promises';
import type { Context } from '../context.ts';
import { hostPlatform } from '../disk/host-platform.ts';
import { unreadable } from '../inputs/files.ts';
import type { BundleSpec, CarriedTool } from '../inputs/spec.ts';
import { carriedPath, type InstallFile } from '../install/files.ts';
import { type ProgramHeader, readProgramHeader } from '../oci/program-header.ts';
import { AirgapError } from '../report/error.ts';
import { checkOras, findOras } from '../transfer/find-oras.ts';

/**
 * The programs that a bundle carries, a file each, in the order of the spec. Each is looked at before it is taken:
 * what does not run behind the gap is found out there otherwise.
 * @throws AirgapError usage for a file that is no oras of its platform, tool for one that is missing or too old
 */
export async function carriedTools(
  { tools }: Pick<BundleSpec, 'tools'>,
  context: Context,
): Promise<InstallFile[]> {
  const files: InstallFile[] = [];
  for (const tool of tools) {
    const path = tool.oras ?? (await findOras(context));
    const bytes = await readFile(path).catch((cause) => {
      throw unreadable(path, `the oras for ${tool.platform}`, cause);
    });
    await checkTool(tool, path, bytes, context);
    files.push({ path: carriedPath(tool.platform), bytes, mode: 0o755 });
  }
  return files;
}

async function checkTool(
  tool: CarriedTool,
  path: string,
  bytes: Buffer,
  context: Context,
): Promise<void> {
  const { platform } = tool;
  const header = readProgramHeader(bytes);
  if (header.platform !== platform) throw otherPlatform(tool, path, header);
  // Go writes the path of its module into every program.
  if (!bytes.includes('oras.land/oras')) throw noOras(platform, path);
  const { interpreter } = header;
  if (interpreter) context.emit({ kind: 'warning', ...dynamic(platform, path, interpreter) });
  if (platform === hostPlatform()) await checkOras(path, context);
  else context.emit({ kind: 'note', message: `${path} is for ${platform}: not tried here` });
}

function otherPlatform(
  { platform, oras }: CarriedTool,
  path: string,
  header: ProgramHeader,
): AirgapError {
  const found = header.platform ? `${header.kind} for ${header.platform}` : header.kind;
  const message = oras
    ? `the oras for ${platform} is for another platform`
    : `the oras that is used here is not for ${platform}`;
  return new AirgapError('usage', message, {
    given: `${path}: ${found}`,
    expected: `a program for ${platform}`,
    next: `get it from https://github.com/oras-project/oras/releases, and write tools: [{platform: ${platform}, oras: FILE}]`,
  });
}

function noOras(platform: string, path: string): AirgapError {
  return new AirgapError('usage', `the program for ${platform} is no oras`, {
    given: path,
    next: 'get oras from https://github.com/oras-project/oras/releases',
  });
}

/** A build of one's own is, where there is a C compiler; those that oras releases are not. */
function dynamic(platform: string, path: string, interpreter: string) {
  return {
    message: `${path} is linked dynamically: it runs only on ${platform} hosts with ${interpreter} and the C library of this one, or a newer one`,
    cure: 'take the oras of https://github.com/oras-project/oras/releases, or build it with CGO_ENABLED=0',
  };
}
