import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { hostFolder } from '../../install/nodes.ts';
import { AirgapError } from '../../report/error.ts';
import { hostAddress } from './address.ts';
import { authorityAt } from './authority.ts';
import { readToml } from './files.ts';
import { type HostTable, hostsForm, misfits, type Registry } from './form.ts';
import { configuredLogin, headerLogin } from './login.ts';
import { type Attempt, noWay, type Way } from './way.ts';
import { shown } from './words.ts';

/** Folders of `config_path`, and the registry table beside it; empty where there is no config.toml to look at. */
export interface HostFolders {
  /** On this machine. */
  readonly roots: readonly string[];
  readonly registry: Registry;
  /** Of config.toml; undefined where it is not known. */
  readonly version: number | undefined;
}

/** How hosts.toml leads to a source: the first folder of its own, else `_default`, of each root in turn. */
export async function hostsWay(source: string, folders: HostFolders): Promise<Way> {
  const names = [...new Set([hostFolder(source), source, '_default'])];
  for (const root of folders.roots)
    for (const name of names) {
      const folder = join(root, name);
      if (await isThere(folder)) return wayIn(source, folder, folders);
    }
  return noWay(source, join(folders.roots[0] ?? '', names[0] ?? '', 'hosts.toml'));
}

export function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

async function wayIn(source: string, folder: string, folders: HostFolders): Promise<Way> {
  const place = join(folder, 'hosts.toml');
  const broken = (why: string): Way => ({ ...noWay(source, place), broken: why });
  const read = await readHostsFile(place);
  if ('why' in read) return broken(read.why);
  const parsed = hostsForm.safeParse(read.toml);
  if (!parsed.success) return broken(`containerd does not take it: ${misfits(parsed.error)}`);
  const { server = '', host, ...rest } = parsed.data;
  const tables = [
    ...Object.entries(host ?? {}),
    ...(server === '' ? [] : [[server, rest] as const]),
  ];
  const unknown = tables
    .flatMap(([, table]) => capabilitiesOf(table))
    .find((one) => !known.has(one));
  if (unknown !== undefined) return broken('containerd does not take it: an unknown capability');
  const attempts = await Promise.all(
    tables.map(([url, table]) => attempt(url, table, folder, folders)),
  );
  return {
    source,
    place,
    attempts,
    asksSource: server === '',
    doubts: doubtsOf(parsed.data, folders),
  };
}

async function readHostsFile(place: string) {
  try {
    if (!(await isThere(place))) return { why: 'there is no hosts.toml in the folder' };
    const toml = await readToml(place);
    return Object.keys(toml).length === 0 ? { why: 'it is empty' } : { toml };
  } catch (error) {
    if (!(error instanceof AirgapError)) throw error;
    return { why: error.message.replace(`${place}:`, 'line ') };
  }
}

/** What containerd 1.6 and 1.7 do otherwise; said where the file may be for one of them. */
function doubtsOf(
  { host, ...rest }: { readonly host?: Record<string, HostTable> | undefined } & HostTable,
  { version }: HostFolders,
): string[] {
  if ((version ?? 2) > 2) return [];
  const tables = [rest, ...Object.values(host ?? {})];
  const refers = tables.some((table) => capabilitiesOf(table).includes('referrers'));
  return [
    ...(host === undefined
      ? ['containerd 1.6 and 1.7 take no hosts.toml without a [host] table']
      : []),
    ...(refers ? ['containerd 1.6 and 1.7 take no hosts.toml with the capability referrers'] : []),
  ];
}

const known = new Set(['pull', 'resolve', 'push', 'referrers']);
const capabilitiesOf = ({ capabilities = [] }: HostTable) =>
  capabilities.map((one) => one.toLowerCase());

async function attempt(
  url: string,
  table: HostTable,
  folder: string,
  { registry }: HostFolders,
): Promise<Attempt> {
  const address = hostAddress(url, table.override_path ?? false);
  const capabilities = capabilitiesOf(table);
  const lacking = ['pull', 'resolve'].filter((one) => !capabilities.includes(one));
  const header = headerLogin(table);
  const configured = configuredLogin(registry, address?.authority ?? '');
  return {
    written: shown(url),
    address,
    ...(capabilities.length > 0 && lacking.length > 0
      ? { leftOut: `its capabilities lack ${lacking.join(' and ')}` }
      : {}),
    trust: {
      authorities: await Promise.all(
        [table.ca ?? []].flat().map((file) => authority(file, folder)),
      ),
      skipVerify: table.skip_verify ?? false,
      settings: [table.ca, table.client, table.skip_verify].some((one) => one !== undefined),
    },
    login: configured === 'none' ? header : configured,
  };
}

/** The folder that certs.d lies in stands for /etc/containerd. */
function authority(named: string, folder: string) {
  return isAbsolute(named)
    ? authorityAt(named, dirname(dirname(folder)), false)
    : authorityAt(named, folder, true);
}
