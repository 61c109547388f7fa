import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { load } from 'js-yaml';
import { marked, type Tokens } from 'marked';

export const root = join(import.meta.dirname, '../..');

/** What people read, by path from the root. */
export const pages: readonly string[] = [
  ...['README.md', 'SECURITY.md', 'CHANGELOG.md', 'charts/image-swap/README.md'],
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => join('docs', path))
    .sort(),
].map((path) => relative('.', path));

export const textOf = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The fenced blocks of a page, those in lists too: `sh` is run, `text` below it is what it prints. */
export function blocksOf(path: string): Tokens.Code[] {
  const found: Tokens.Code[] = [];
  void marked.walkTokens(marked.lexer(textOf(path)), (token) => {
    if (token.type === 'code') found.push(token as Tokens.Code);
  });
  return found;
}

/** The YAML of a page, block by block, its example names replaced. */
export function yamlOf(path: string, replace: Replace = {}): Record<string, unknown>[] {
  return blocksOf(path)
    .filter(({ lang }) => lang === 'yaml')
    .map(({ text }) => load(replaced(text, replace)) as Record<string, unknown>);
}

/** Example names and what stands for them here. */
export type Replace = Readonly<Record<string, string>>;

function replaced(text: string, replace: Replace): string {
  return Object.entries(replace).reduce((so, [name, by]) => so.replaceAll(name, by), text);
}

export interface Place {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly replace?: Replace;
}

/**
 * Does what a page says, word for word, in one shell: every `sh` block in order. A command that fails ends it. A block
 * that begins with `npm run sandbox` is another terminal: it goes on until the end.
 * @throws Error with the block and what it printed, also where a `text` block below it says something else
 */
export async function followPage(path: string, { cwd, env, replace = {} }: Place): Promise<void> {
  const blocks = blocksOf(path);
  const shell = new Session(cwd, env);
  const terminals: Session[] = [];
  try {
    for (const [at, { lang, text }] of blocks.entries()) {
      if (lang !== 'sh') continue;
      const command = replaced(text, replace);
      if (command.startsWith('npm run sandbox')) {
        const terminal = new Session(cwd, env);
        terminals.push(terminal);
        await terminal.waitFor(command, 'ready: ');
        continue;
      }
      const printed = await shell.run(command);
      const next = blocks[at + 1];
      if (next?.lang === 'text') requireSame(command, printed, replaced(next.text, replace));
    }
  } finally {
    await shell.end();
    for (const terminal of terminals.reverse()) await terminal.end();
  }
}

/** `…` stands for whatever is there. */
function requireSame(command: string, printed: string, expected: string): void {
  const parts = expected.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  if (new RegExp(parts.join('[^]*?')).test(printed.replace(/[ \t]+$/gm, ''))) return;
  throw new Error(`$ ${command}\nprinted\n${printed}\nand the page says\n${expected}`);
}

const mark = '=-=-= ended with';

/** A shell that people type into. */
class Session {
  private printed = '';
  private hasEnded = false;
  private readonly child;
  private wake = () => {};

  constructor(cwd: string, env: Readonly<Record<string, string>>) {
    this.child = spawn('sh', ['-e'], { cwd, env, detached: true });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.on('data', (chunk) => {
        this.printed += chunk;
        this.wake();
      });
    }
    this.child.stdin.on('error', () => undefined);
    this.child.on('close', () => {
      this.hasEnded = true;
      this.wake();
    });
    this.child.stdin.write('exec 2>&1\n');
  }

  async run(command: string): Promise<string> {
    await this.waitFor(`${command}\necho '${mark} 0'`, `${mark} 0\n`);
    return this.printed.slice(0, this.printed.indexOf(mark));
  }

  async waitFor(command: string, words: string): Promise<void> {
    this.printed = '';
    this.child.stdin.write(`${command}\n`);
    while (!this.printed.includes(words)) {
      if (this.hasEnded) throw new Error(`$ ${command}\nfailed:\n${this.printed}`);
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  /** And all that it started, as Ctrl-C does. */
  async end(): Promise<void> {
    if (this.hasEnded || this.child.pid === undefined) return;
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    process.kill(-this.child.pid, 'SIGINT');
    await closed;
  }
}
