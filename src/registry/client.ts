import { setMaxListeners } from 'node:events';
import type { Context } from '../context.ts';
import {
  type AccessByHost,
  accessAt,
  type CredentialOf,
  canonicalHost,
  originOf,
} from './access.ts';
import { RegistryClient } from './api.ts';
import { Authorization } from './authorization.ts';
import { Exchange } from './exchange.ts';
import { itself, onceEach } from './once.ts';
import { tenMinutes } from './retry.ts';
import { Transport } from './transport.ts';

export type { BlobContent, ManifestContent } from './api.ts';
export { RegistryClient };

export interface RegistriesOptions {
  /** By host, as `registries` of bundle.yaml has them. */
  readonly access: AccessByHost;
  /** Asked once a host, when the registry wants to know. */
  readonly credential: CredentialOf;
  readonly context: Context;
  /** How long a request is tried again from its first failure, milliseconds. Default ten minutes. */
  readonly retryBudgetMs?: number;
  /** How long a server may send nothing that it owes, milliseconds. Default a minute. */
  readonly stallMs?: number;
  /** Whether credentials may be sent to plain HTTP beyond this machine. Default false. */
  readonly allowPlainHttpCredentials?: boolean;
}

/** All registries of a run: one client a host, so that limits, tokens and connections are shared. */
export interface Registries {
  client(host: string): RegistryClient;
  /** Where to read an image: its registry, or the mirror that stands for it. */
  source(reference: { readonly registry: string; readonly repository: string }): {
    client: RegistryClient;
    repository: string;
  };
  /** Drops all connections. */
  close(): Promise<void>;
}

export function openRegistries(options: RegistriesOptions): Registries {
  // Every request under way or in line listens to it; Node would warn of a leak at the eleventh.
  setMaxListeners(0, options.context.signal);
  const transport = new Transport(options.access, options.context, options.stallMs);
  const credential = onceEach(itself, options.credential);
  const clients = new Map<string, RegistryClient>();
  const client = (name: string): RegistryClient => {
    const host = canonicalHost(name);
    const known = clients.get(host) ?? openClient(host, { ...options, credential }, transport);
    clients.set(host, known);
    return known;
  };
  return {
    client,
    source: ({ registry, repository }) => {
      const mirror = options.access[registry]?.mirror;
      if (mirror === undefined) return { client: client(registry), repository };
      const [host = '', ...path] = mirror.split('/').filter(Boolean);
      return { client: client(host), repository: [...path, repository].join('/') };
    },
    close: () => transport.close(),
  };
}

function openClient(
  host: string,
  options: RegistriesOptions,
  transport: Transport,
): RegistryClient {
  const { access: accessByHost, credential, context } = options;
  const access = accessByHost[host] ?? accessAt(new URL(originOf(host, {})), accessByHost);
  const registry = new URL(originOf(host, access));
  const authorization = new Authorization({
    host,
    registry,
    transport,
    now: context.now,
    credential: () => credential(host),
    allowPlainHttp: options.allowPlainHttpCredentials ?? false,
  });
  const exchange = new Exchange({
    host,
    registry,
    authorization,
    transport,
    context,
    maxConcurrent: access.maxConcurrent,
    retryBudget: options.retryBudgetMs ?? tenMinutes,
  });
  return new RegistryClient(host, access, exchange);
}
