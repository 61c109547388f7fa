import { mkdir, readFile, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { toolPath } from './tools.ts';

/** A network in which nothing is but some servers of this machine, each at its own address on loopback. */
export interface Isolation {
  /** Words before a command, which then runs in it, every system call for the network written down. */
  readonly prefix: readonly string[];
  /** Whom the commands since the last question wanted to speak to, and how often: `127.0.0.1:5000` → 7. */
  contacts(): Promise<ReadonlyMap<string, number>>;
  stop(): Promise<void>;
}

/** @param hosts `127.0.0.1:PORT`s that stay within reach */
export async function isolate(folder: string, hosts: readonly string[]): Promise<Isolation> {
  const sockets = join(folder, 'sockets');
  await mkdir(sockets, { recursive: true });
  const servers = await Promise.all(
    hosts.map((host) => forward(join(sockets, `${portOf(host)}.sock`), portOf(host))),
  );
  const trace = join(folder, 'trace');
  const alone = process.getuid?.() === 0 ? ['--net'] : ['--user', '--map-root-user', '--net'];
  const watch = [
    '-f',
    '--seccomp-bpf',
    '-qq',
    '-e',
    'trace=connect,sendto,sendmsg,sendmmsg',
    '-o',
    trace,
  ];
  return {
    prefix: [
      ...[toolPath('unshare'), ...alone],
      ...[process.execPath, join(import.meta.dirname, 'only-these.mjs'), sockets, '--'],
      ...[toolPath('strace'), ...watch],
    ],
    contacts: async () => {
      const text = await readFile(trace, 'utf8');
      await rm(trace);
      return contactsIn(text);
    },
    stop: async () => {
      for (const server of servers) server.close();
    },
  };
}

function portOf(host: string): number {
  return Number(host.split(':')[1]);
}

function forward(path: string, port: number): Promise<Server> {
  const server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

const address =
  /sin6?_port=htons\((\d+)\).*?(?:sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)")/;

/** By IP; a socket of this machine, such as that of nscd, which bash asks for its user, leads nowhere else. */
function contactsIn(trace: string): ReadonlyMap<string, number> {
  const contacts = new Map<string, number>();
  for (const line of trace.split('\n')) {
    const [, port, v4, v6] = address.exec(line) ?? [];
    if (port === undefined) continue;
    const name = `${v4 ?? `[${v6}]`}:${port}`;
    contacts.set(name, (contacts.get(name) ?? 0) + 1);
  }
  return contacts;
}
