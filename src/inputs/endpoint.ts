import { AirgapError } from '../report/error.ts';

const host = /^(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?$/;

/** Holds `ociImageRegistry.endpoint` to `host[:port]`. @throws AirgapError usage, showing the right form */
export function checkEndpoint(endpoint: string): void {
  if (host.test(endpoint)) return;
  const bare = endpoint.replace(/^[a-z]+:\/\//i, '').split('/')[0] ?? '';
  throw new AirgapError('usage', 'ociImageRegistry.endpoint is not host[:port]', {
    given: endpoint,
    expected: host.test(bare) ? bare : 'harbor.example.org or harbor.example.org:8443',
    next: endpoint.startsWith('http://')
      ? `write the host alone, and registries: {"${bare}": {plainHttp: true}} for plain HTTP`
      : 'write the host alone; a path belongs into baseContentPath',
  });
}
