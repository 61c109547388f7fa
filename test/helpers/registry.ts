import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bcrypt } from './bcrypt.ts';
import { toolPath } from './tools.ts';

export interface RegistryOptions {
  /** `docker-registry` is Debian's, of version 2.8; the default is distribution's of version 3. */
  readonly program?: 'registry' | 'docker-registry';
  readonly htpasswd?: { readonly username: string; readonly password: string };
  /** Paths of PEM files. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly readOnly?: boolean;
  /** Overrides of the configuration, `REGISTRY_AUTH_TOKEN_REALM` and the like. */
  readonly env?: Readonly<Record<string, string>>;
  /** Default: a free one. */
  readonly port?: number;
  /** Storage of an earlier registry that was stopped with `keep`. */
  readonly folder?: string;
}

export interface RequestLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

export interface TestRegistry {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly folder: string;
  /** What its access log shows so far. */
  requests(): RequestLine[];
  stop(options?: { keep?: boolean }): Promise<void>;
}

/** A real distribution registry on a free loopback port, with its storage in a temporary folder. */
export async function startRegistry(options: RegistryOptions = {}): Promise<TestRegistry> {
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'airgap-registry-')));
  const configuration = join(folder, 'config.json');
  await writeFile(configuration, JSON.stringify(await settings(folder, options)));
  const child = spawn(toolPath(options.program ?? 'registry'), ['serve', configuration], {
    env: { PATH: process.env.PATH, OTEL_TRACES_EXPORTER: 'none', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const killWithUs = () => child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const host = await listening(child, output).catch((error: unknown) => {
    killWithUs();
    throw error;
  });
  return {
    host,
    folder,
    requests: () => requestLines(output.stdout),
    stop: async ({ keep = false } = {}) => {
      process.off('exit', killWithUs);
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      if (!keep) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A loopback port that nobody listens on (now). */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function settings(folder: string, options: RegistryOptions): Promise<object> {
  return {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: false } },
    storage: {
      filesystem: { rootdirectory: join(folder, 'storage') },
      delete: { enabled: true },
      maintenance: { readonly: { enabled: options.readOnly ?? false } },
    },
    http: {
      addr: `127.0.0.1:${options.port ?? 0}`,
      secret: 'for tests only',
      ...(options.tls && { tls: { certificate: options.tls.cert, key: options.tls.key } }),
    },
    ...(options.htpasswd && {
      auth: { htpasswd: { realm: 'test', path: await passwordFile(folder, options.htpasswd) } },
    }),
  };
}

async function passwordFile(
  folder: string,
  { username, password }: { username: string; password: string },
): Promise<string> {
  const path = join(folder, 'htpasswd');
  await writeFile(path, `${username}:${bcrypt(password)}\n`);
  return path;
}

function collect(child: ChildProcess): { stdout: string; stderr: string } {
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  return output;
}

/** The `host:port` that it says it listens on: no other process can have the port, and none can answer for it. */
async function listening(child: ChildProcess, output: { stderr: string }): Promise<string> {
  for (let attempt = 0; attempt < 600 && child.exitCode === null; attempt++) {
    const host = /listening on (127\.0\.0\.1:\d+)/.exec(output.stderr)?.[1];
    if (host) return host;
    await sleep(25);
  }
  throw new Error(`registry did not start: ${output.stderr}`);
}

function requestLines(log: string): RequestLine[] {
  const lines = log.matchAll(/"([A-Z]+) (\S+) HTTP\/[\d.]+" (\d{3}) /g);
  return [...lines].map(([, method = '', path = '', status]) => ({
    method,
    path,
    status: Number(status),
  }));
}
