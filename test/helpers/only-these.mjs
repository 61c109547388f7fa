/**
 * Runs a command where nothing can be reached but some ports of loopback: `only-these.mjs FOLDER -- COMMAND…`, in a
 * network namespace of its own. A port is a socket in the folder, `PORT.sock`, behind which somebody outside listens.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';

const [folder = '', , command = '', ...args] = process.argv.slice(2);
const environment = { ...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin' };
execFileSync('ip', ['link', 'set', 'lo', 'up'], { env: environment });
for (const name of readdirSync(folder).filter((name) => name.endsWith('.sock'))) {
  const server = createServer((near) => {
    const far = connect(join(folder, name));
    near.pipe(far).pipe(near);
    near.on('error', () => far.destroy());
    far.on('error', () => near.destroy());
  });
  await new Promise((resolve) => server.listen(Number(name.slice(0, -5)), '127.0.0.1', resolve));
}
const child = spawn(command, args, { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code ?? 1));
