#!/usr/bin/env node
/**
 * Brings what the named sets or tools need: `node scripts/setup.mjs [build|demo|cluster|test|bench|trials|system|TOOL…]`.
 * Plain Node, since it runs before node_modules exists. Tools land in .tools/bin at the versions of
 * tools.mjs; what is there already is left alone, so that a second call costs next to nothing.
 * Exits with 3 and the lines to run when a tool is missing that it cannot bring.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { packagesAreStale } from './packages.mjs';
import { sets, tools } from './tools.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const home = join(root, '.tools');
const bin = join(home, 'bin');
const stampFile = join(home, 'versions.json');

class SetupError extends Error {}

function main(/** @type {string[]} */ words) {
  const names = chosenTools(words);
  if (words.join() !== 'system') installPackages();
  const missing = names.filter((name) => !isHere(name));
  refuseWhatCannotBeBrought(missing);
  installSystemTools(missing.filter((name) => tools[name].from === 'system'));
  for (const name of missing) {
    if (tools[name].from === 'go') buildWithGo(name);
    if (tools[name].from === 'node') installNode(name);
    if (tools[name].from === 'pip') installWithPip(name);
    if (tools[name].from === 'deb') unpackDebian(name);
  }
}

function chosenTools(words) {
  const names = words.flatMap((word) => sets[word] ?? [word]);
  const unknown = names.filter((name) => tools[name] === undefined);
  if (unknown.length > 0) {
    const known = [...Object.keys(sets), ...Object.keys(tools)].join(', ');
    throw new SetupError(`unknown tool or set: ${unknown.join(', ')}\nknown: ${known}`);
  }
  return [...new Set(names)];
}

function installPackages() {
  if (!packagesAreStale(root)) return;
  say('installing npm packages with npm ci…');
  run('npm', ['ci', '--no-audit', '--no-fund'], 'npm packages');
}

/** Here already: noted in the stamp, or on PATH in the right version (then linked and noted). */
function isHere(name) {
  const tool = tools[name];
  if (tool.from === 'system') return onPath(name).length > 0;
  if (tool.from === 'deb') return existsSync(join(bin, name)) || onPath(name).length > 0;
  if (stamp()[name] === tool.version && existsSync(join(bin, name))) return true;
  const found = onPath(tool.from === 'node' ? 'node' : name).find((path) => fits(tool, path));
  if (found === undefined) return false;
  link(name, found);
  say(`${name} ${tool.version} taken from ${found}`);
  return true;
}

function onPath(command) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== bin);
  return folders.map((folder) => join(folder, command)).filter(isExecutable);
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Node fits in its major version, any other in its exact one; what does not say its version never does. */
function fits(tool, path) {
  if (tool.ask === undefined) return false;
  const said = spawnSync(path, tool.ask, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  const version = tool.answer.exec(said.stdout ?? '')?.[1];
  if (tool.from === 'node') return version?.split('.')[0] === tool.version.split('.')[0];
  return version === tool.version;
}

/** Names every missing tool at once, each with the line that brings it. */
function refuseWhatCannotBeBrought(missing) {
  const lines = [];
  const go = missing.filter((name) => tools[name].from === 'go');
  if (go.length > 0 && onPath('go').length === 0) {
    lines.push(
      'Go is not on PATH. Install Go, or run this where Go is and put the results on PATH:',
    );
    for (const name of go) lines.push(`  ${goLine(name)}`);
  }
  const python = missing.filter((name) => tools[name].from === 'pip');
  if (python.length > 0 && onPath('python3').length === 0) {
    lines.push('Python is not on PATH: install python3 with its venv and pip');
  }
  const system = missing.filter((name) => tools[name].from === 'system');
  if (system.length > 0 && !canUseApt()) {
    lines.push('Not root, or no apt-get. Run:', `  sudo sh -c '${aptLine(system)}'`);
  }
  const debian = missing.filter((name) => tools[name].from === 'deb');
  if (debian.length > 0 && (onPath('apt-get').length === 0 || onPath('dpkg').length === 0)) {
    lines.push(`No Debian here: put ${debian.join(', ')} of your system on PATH`);
  }
  if (lines.length === 0) return;
  throw new SetupError(
    `missing: ${[...go, ...python, ...system, ...debian].join(', ')}\n${lines.join('\n')}`,
  );
}

const canUseApt = () => process.getuid?.() === 0 && onPath('apt-get').length > 0;

const aptLine = (names) =>
  `apt-get update && apt-get install -y ${names.map((name) => tools[name].package).join(' ')}`;

const quoted = (word) => (/\s/.test(word) ? `'${word}'` : word);

function installSystemTools(names) {
  if (names.length === 0) return;
  const what = names.join(', ');
  say(`installing ${what} with apt-get…`);
  const options = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } };
  const quiet = ['-qq', '-o', 'DPkg::Lock::Timeout=300'];
  const packages = names.map((name) => tools[name].package);
  run('apt-get', [...quiet, 'update'], what, options);
  run(
    'apt-get',
    [...quiet, 'install', '-y', '--no-install-recommends', ...packages],
    what,
    options,
  );
  const absent = names.filter((name) => onPath(name).length === 0);
  if (absent.length > 0) throw new SetupError(`installed, but not on PATH: ${absent.join(', ')}`);
}

/** Arguments of go, which puts the tool into `folder`; with GOBIN where it is `go install`. */
function goBuild(name, folder) {
  const tool = tools[name];
  const ldflags = ['-ldflags', `-s -w ${tool.ldflags ?? ''}`.trim()];
  if (tool.module === undefined) return ['install', ...ldflags, `${tool.package}@v${tool.version}`];
  const out = ['-o', join(folder, name)];
  return ['build', '-C', tool.module, '-trimpath', ...ldflags, ...out, tool.package];
}

function goLine(name) {
  const settings = Object.entries(tools[name].env ?? {}).map(([key, value]) => `${key}=${value}`);
  return [...settings, 'go', ...goBuild(name, bin)].map(quoted).join(' ');
}

/** Built aside and renamed into place: a killed build leaves no half of a tool. */
function buildWithGo(name) {
  const tool = tools[name];
  say(`building ${name} v${tool.version} with Go (the first time ${tool.takes})…`);
  const started = Date.now();
  mkdirSync(bin, { recursive: true });
  const aside = mkdtempSync(join(home, 'build-'));
  try {
    const env = { ...process.env, ...tool.env, GOBIN: aside };
    run('go', goBuild(name, aside), name, { env });
    // Its name is that of the package, not always ours.
    const [built] = readdirSync(aside).map((file) => join(aside, file));
    if (!fits(tool, built)) throw new SetupError(`${name}: the build is not v${tool.version}`);
    renameSync(built, join(bin, name));
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
  note(name);
  say(`${name} v${tool.version} ready after ${Math.round((Date.now() - started) / 1000)} s`);
}

function installNode(name) {
  const tool = tools[name];
  say(`installing Node ${tool.version} for act with npm…`);
  const folder = join(home, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const wanted = `${tool.package}@${tool.version}`;
  run('npm', ['install', '--no-audit', '--no-fund', '--prefix', folder, wanted], name);
  link(name, join(folder, 'node_modules', tool.package, 'bin', 'node'));
}

function installWithPip(name) {
  const tool = tools[name];
  say(`installing ${tool.package} ${tool.version} with pip…`);
  const folder = join(home, name);
  run('python3', ['-m', 'venv', '--clear', folder], name);
  const quiet = ['--quiet', '--disable-pip-version-check'];
  const wanted = `${tool.package}==${tool.version}`;
  run(join(folder, 'bin/pip'), ['install', ...quiet, wanted], name);
  link(name, join(folder, 'bin', name));
}

/** apt-get downloads without being root, from the lists that it has. */
function unpackDebian(name) {
  const folder = join(home, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  say(`unpacking ${name} of Debian…`);
  if (canUseApt()) run('apt-get', ['-qq', 'update'], name);
  run('apt-get', ['-qq', 'download', tools[name].package], name, { cwd: folder });
  const archives = readdirSync(folder).filter((file) => file.endsWith('.deb'));
  for (const archive of archives) run('dpkg', ['-x', join(folder, archive), folder], name);
  link(name, join(folder, 'usr/bin', name));
}

function link(name, target) {
  mkdirSync(bin, { recursive: true });
  rmSync(join(bin, name), { force: true });
  symlinkSync(target, join(bin, name));
  note(name);
}

const stamp = () => (existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {});

function note(name) {
  const versions = { ...stamp(), [name]: tools[name].version };
  writeFileSync(stampFile, `${JSON.stringify(versions, null, 2)}\n`);
}

/** Silent unless it fails: then with everything that the command said. */
function run(command, args, what, options = {}) {
  const result = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 64 << 20,
    ...options,
  });
  if (result.status === 0) return;
  const end = result.error?.message ?? `ended with ${result.status ?? result.signal}`;
  const said = `${result.stdout ?? ''}${result.stderr ?? ''}`.trim();
  throw new SetupError(
    `${what}: could not be installed\n${said}\n  ${command} ${args.join(' ')}\n  ${end}`,
  );
}

const say = (/** @type {string} */ line) => console.log(`setup: ${line}`);

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(`setup: ${error.message}`);
  process.exitCode = 3;
}
