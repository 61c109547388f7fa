import { toolVersions } from '../commands/tool-versions.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { toolName, toolVersion } from '../version.ts';
import type { Tool } from './report.ts';

/** What a run did, as far as it needs programs of others. */
export interface ToolUse {
  /** Whether it moved images. */
  readonly places: boolean;
  /** Of a run that planned. */
  readonly spec?: Pick<BundleSpec, 'imageSources'> | undefined;
}

/** This program, the Node that runs it, and the programs of others that a run used. @param node its version */
export async function usedTools(
  { places, spec }: ToolUse,
  node: string,
  context: Context,
): Promise<Tool[]> {
  const usesHelm = spec?.imageSources.some(({ kind }) => kind === 'chart') === true;
  const others = [...(places ? ['oras' as const] : []), ...(usesHelm ? ['helm' as const] : [])];
  return [
    { name: toolName, version: toolVersion },
    { name: 'node', version: node },
    ...(await toolVersions(others, context)),
  ];
}
