import { ClusterTools } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import type { BundleSpec } from '../inputs/spec.ts';
import { failuresIn } from '../report/error.ts';
import { findOras, versionOf } from '../transfer/find-oras.ts';
import { toolName, toolVersion } from '../version.ts';

/** What a run did, as far as it needs programs of others. */
export interface ToolUse {
  /** Whether it moved images. */
  readonly places: boolean;
  /** Of a run that planned. */
  readonly spec?: Pick<BundleSpec, 'imageSources'> | undefined;
}

/** This program, its Node, and those of others, as far as they can be asked now: a report does not fail for them. */
export async function usedTools(
  { places, spec }: ToolUse,
  context: Context,
): Promise<{ name: string; version: string }[]> {
  const usesHelm = spec?.imageSources.some(({ kind }) => kind === 'chart') === true;
  const used = [...(places ? ['oras' as const] : []), ...(usesHelm ? ['helm' as const] : [])];
  const asked = await Promise.all(
    used.map(async (name) => ({ name, version: await ask[name](context).catch(unlessOurs) })),
  );
  return [
    { name: toolName, version: toolVersion },
    { name: 'node', version: process.versions.node },
    ...asked.flatMap(({ name, version }) => (version ? [{ name, version }] : [])),
  ];
}

const ask = {
  oras: async (context: Context) => versionOf(await findOras(context), context),
  helm: async (context: Context) => {
    const text = await new ClusterTools({}, context).helm('version', '--template', '{{.Version}}');
    return text.trim().replace(/^v/, '');
  },
} as const;

function unlessOurs(error: unknown): undefined {
  if (failuresIn(error).length === 0) throw error;
}
