import { mirrorAddress } from './address.ts';
import { authorityAt } from './authority.ts';
import type { NodeConfig } from './config.ts';
import { configuredLogin, entryOf } from './login.ts';
import { type Attempt, noWay, type Way } from './way.ts';
import { shown } from './words.ts';

/**
 * How `mirrors` lead to a source; `*` is for every source that has no table of its own.
 * @param folder of config.toml
 */
export async function mirrorWay(source: string, config: NodeConfig, folder: string): Promise<Way> {
  const { mirrors } = config.registry;
  const own = entryOf(mirrors, source);
  const found = own ?? entryOf(mirrors, '*');
  const place = `mirrors."${own === undefined && found ? '*' : source}"`;
  if (found === undefined) return noWay(source, place);
  const endpoints = found.endpoint ?? [];
  const attempts = await Promise.all(endpoints.map((one) => attempt(one, config, folder)));
  const asksSource = !attempts.some(({ address }) => address?.authority === source);
  return { source, place, attempts, asksSource, doubts: [] };
}

/** containerd 2 reads no TLS settings beside mirrors. */
async function attempt(
  endpoint: string,
  { registry, version }: NodeConfig,
  folder: string,
): Promise<Attempt> {
  const address = mirrorAddress(endpoint);
  const authority = address?.authority ?? '';
  const tls = version > 2 ? undefined : entryOf(registry.configs, authority)?.tls;
  const file = tls?.ca_file ?? '';
  return {
    written: shown(endpoint),
    address,
    trust: {
      authorities: file === '' ? [] : [await authorityAt(file, folder, false)],
      skipVerify: tls?.insecure_skip_verify ?? false,
      settings: false,
    },
    login: configuredLogin(registry, authority),
  };
}
