import { BlockList, isIP } from 'node:net';
import type { Context } from '../context.ts';
import { AirgapError } from '../report/error.ts';
import { bareHost, inRanges, isLoopback } from './addresses.ts';

/**
 * The proxy that HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or their lower-case forms) name for a URL, by the
 * rule of Go's `httpproxy`, so that docker, oras and we go the same way. Loopback is never proxied.
 */
export function proxyFor(url: URL, env: Context['env']): URL | undefined {
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = env[name] || env[name.toLowerCase()];
  if (!proxy || isLoopback(bareHost(url))) return undefined;
  const exceptions = (env.NO_PROXY || env.no_proxy || '').split(',');
  if (exceptions.some((exception) => isExempt(url, exception.trim().toLowerCase()))) {
    return undefined;
  }
  return proxyUrl(name, proxy);
}

function isExempt(url: URL, exception: string): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const host = bareHost(url);
  if (exception.includes('/')) return inNetwork(host, exception);
  const { name, port } = hostAndPort(exception);
  if (port !== undefined && port !== (url.port || (url.protocol === 'https:' ? '443' : '80'))) {
    return false;
  }
  const domain = name.replace(/^\*\./, '.');
  if (domain.startsWith('.')) return host.endsWith(domain);
  return host === domain || (isIP(domain) === 0 && host.endsWith(`.${domain}`));
}

function hostAndPort(text: string): { name: string; port?: string } {
  if (isIP(text) !== 0) return { name: text };
  const [, name = text, port] = /^(.*?)(?::(\d+))?$/.exec(text) ?? [];
  const bare = name.replace(/^\[|\]$/g, '');
  return port === undefined ? { name: bare } : { name: bare, port };
}

function inNetwork(host: string, network: string): boolean {
  const [address = '', bits] = network.split('/');
  const version = isIP(address);
  const prefix = Number(bits);
  if (
    version === 0 ||
    !Number.isInteger(prefix) ||
    prefix < 0 ||
    prefix > (version === 4 ? 32 : 128)
  ) {
    return false;
  }
  const ranges = new BlockList();
  ranges.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6');
  return inRanges(ranges, host);
}

function proxyUrl(name: string, proxy: string): URL {
  const text = /^(?:https?|socks5h?):\/\//i.test(proxy) ? proxy : `http://${proxy}`;
  try {
    return new URL(text.replace(/^socks5h:/i, 'socks5:'));
  } catch {
    // The value may hold a password: it is not shown.
    throw new AirgapError('usage', `${name} is no URL`, { expected: 'http://host:port' });
  }
}
