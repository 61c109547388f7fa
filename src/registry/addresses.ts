import { BlockList, isIP } from 'node:net';

/** `localhost` or an address of this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || inRanges(loopback, host);
}

/** 169.254.0.0/16 and fe80::/10, where clouds keep their metadata services; also the unspecified address. */
export function isLinkLocal(host: string): boolean {
  return inRanges(linkLocal, host);
}

/** The host of a URL without port and brackets. */
export function bareHost(url: URL): string {
  return url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');
loopback.addSubnet('::ffff:127.0.0.0', 104, 'ipv6');

const linkLocal = new BlockList();
linkLocal.addSubnet('169.254.0.0', 16, 'ipv4');
linkLocal.addSubnet('0.0.0.0', 8, 'ipv4');
linkLocal.addSubnet('fe80::', 10, 'ipv6');
linkLocal.addAddress('::', 'ipv6');
linkLocal.addSubnet('::ffff:169.254.0.0', 112, 'ipv6');
linkLocal.addSubnet('::ffff:0.0.0.0', 104, 'ipv6');

/** Whether an address is in these; a name never is. */
export function inRanges(ranges: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && ranges.check(host, version === 4 ? 'ipv4' : 'ipv6');
}
