import { ClusterTools } from '../cluster/tools.ts';
import type { Context } from '../context.ts';
import { failuresIn } from '../report/error.ts';
import { findOras, versionOf } from '../transfer/find-oras.ts';

/** The programs of others that a run used, as far as they can be asked now: a report does not fail for them. */
export async function toolVersions(
  used: readonly ('oras' | 'helm')[],
  context: Context,
): Promise<{ name: string; version: string }[]> {
  const asked = await Promise.all(
    used.map(async (name) => ({ name, version: await ask[name](context).catch(unlessOurs) })),
  );
  return asked.flatMap(({ name, version }) => (version ? [{ name, version }] : []));
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
