import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { section } from '../../helpers/job.ts';
import { mountDisk, type SmallDisk } from '../../helpers/small-disk.ts';
import { decoded, type JumpHost, type Shell, shells } from '../../install/jump-host.ts';
import { expectImages, pull, push, type Site, secretOf, startSite } from './site.ts';

/** What a shell, helm's templates or YAML could take for more than a name. */
const hostile = `no $(touch pwned) \`touch pwned\` '; touch pwned; {{ fail "x" }} # |`;

let site: Site;
let bundle: string;
beforeAll(async () => {
  site = await startSite('vendor');
  const ociImageRegistry = { ...section(site.target.host), name: hostile, caCert: './ca.pem' };
  bundle = (await site.bundle({ ociImageRegistry }))[0] ?? '';
});
afterAll(() => site?.stop());

/** A medium that cannot be written, with everything that crosses the gap, in files that are named badly. */
async function fill(folder: string): Promise<SmallDisk & { path(name: string): string }> {
  const medium = join(folder, 'a medium; touch pwned');
  const disk = await mountDisk(medium, 'size=64m');
  const path = (name: string) => join(medium, `${name} $(touch pwned)`);
  await copyFile(bundle, path('a b:c@d.tar'));
  await copyFile(site.job.path('bundle.pub'), path('*'));
  await writeFile(path('pull'), pull.password);
  await writeFile(path('push'), push.password);
  const kubeconfig = await readFile(site.cluster.kubeconfig, 'utf8');
  await writeFile(path('kube'), kubeconfig.replaceAll('name: test', 'name: "$(touch pwned)"'));
  await disk.remount('ro');
  return { ...disk, path };
}

describe.each(Object.keys(shells) as Shell[])('from a read-only medium, under %s', (shell) => {
  let host: JumpHost;
  let medium: Awaited<ReturnType<typeof fill>>;
  beforeAll(async () => {
    await site.emptyRegistry();
    await site.reset();
    host = await site.host({ shell });
    medium = await fill(host.folder);
  });
  afterAll(() => medium?.unmount());

  const args = () => [
    ...[medium.path('a b:c@d.tar'), '--key', medium.path('*')],
    ...['--username', '$(touch pwned)', '--password-file', medium.path('pull')],
    ...['--push-username', push.username, '--push-password-file', medium.path('push')],
    ...['--kubeconfig', medium.path('kube')],
  ];

  test('names are names, wherever they stand', async () => {
    const TMPDIR = join(host.folder, "tmp ; touch pwned; $(touch pwned) '*");
    await mkdir(TMPDIR);
    const outcome = await host.install(args(), { TMPDIR });
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
    await expectImages(site);
    const secret = await secretOf(site.cluster);
    expect(decoded(secret)).toMatchObject({ USERNAME: '$(touch pwned)', PASSWORD: pull.password });
    const values = await site.cluster.helm('get', 'values', 'image-swap', '--output=json');
    expect(values).toContain(JSON.stringify(hostile));
    expect(await host.install([...args(), '--uninstall'], { TMPDIR })).toMatchObject({ code: 0 });
    expect(await readdir(TMPDIR)).toEqual([]);
    const found = await readdir(host.folder, { recursive: true });
    expect(found.filter((path) => path.split('/').includes('pwned'))).toEqual([]);
  });

  test('what --dry-run prints can be pasted', async () => {
    const outcome = await host.install([...args(), '--dry-run']);
    expect(outcome, outcome.stderr).toMatchObject({ code: 0, stderr: '' });
    const lines = outcome.stdout.split('\n').filter((line) => line.includes('would run:'));
    for (const line of lines.filter((text) => text.includes('pwned')))
      expect(line.replaceAll(/'(?:[^']|'\\'')*'/g, '')).not.toContain('pwned');
    expect(lines.length).toBeGreaterThan(3);
  });
});
