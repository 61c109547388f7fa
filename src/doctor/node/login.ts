import type { Auth, HostTable, Registry } from './form.ts';
import type { Login } from './way.ts';

/** What config.toml has for the registry `host[:port]`, by that very name. */
export function configuredLogin(registry: Registry, authority: string): Login {
  const auths = Object.entries(registry.auths ?? {}).map(
    ([url, auth]) => [url.replace(/^[a-z]+:\/\/([^/]*).*$/i, '$1'), auth] as const,
  );
  const auth = new Map(auths).get(authority) ?? entryOf(registry.configs, authority)?.auth;
  return auth === undefined ? 'none' : loginOf(auth);
}

/** The header of a `server` or `[host]` in hosts.toml. */
export function headerLogin({ header = {} }: HostTable): Login {
  const found = Object.entries(header).find(([name]) => name.toLowerCase() === 'authorization');
  if (found === undefined) return 'none';
  const value = [found[1]].flat()[0] ?? '';
  const basic = /^basic +(.*)$/i.exec(value);
  if (basic !== null) return isPair(basic[1] ?? '') ? 'header' : 'unreadable';
  return /^bearer +\S/i.test(value) ? 'header' : 'unreadable';
}

export function entryOf<T>(table: Record<string, T> | undefined, key: string): T | undefined {
  return new Map(Object.entries(table ?? {})).get(key);
}

/** In containerd's order: a name wins over a token, that one over both in base64. */
function loginOf({ username = '', identitytoken = '', auth = '' }: Auth): Login {
  if (username !== '' || identitytoken !== '') return 'configs';
  if (auth === '') return 'none';
  return isPair(auth) ? 'configs' : 'unreadable';
}

/** Whether it is base64 of `USER:PASSWORD`. */
function isPair(text: string): boolean {
  const isBase64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text);
  return isBase64 && Buffer.from(text, 'base64').includes(':');
}
