import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Terminal } from '@xterm/headless';
import { execa } from 'execa';

/** Its module has no names that Node.js can import. */
const xterm = createRequire(import.meta.url)('@xterm/headless') as typeof import('@xterm/headless');

export interface TerminalOptions {
  readonly cwd: string;
  /** All that the program sees. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly columns?: number;
  readonly rows?: number;
}

/** A program in a real pseudo-terminal, and the screen that a person would see. */
export interface InTerminal {
  readonly emulator: Terminal;
  /** What stands on the screen and above it, without empty lines at the end. */
  lines(): Promise<string[]>;
  /** All bytes that came so far. */
  bytes(): string;
  isCursorShown(): Promise<boolean>;
  type(text: string): void;
  resize(columns: number, rows?: number): Promise<void>;
  /** Looks at the lines until they are as wanted. @throws Error after a minute */
  until(isThere: (lines: readonly string[]) => boolean): Promise<string[]>;
  readonly exitCode: Promise<number>;
  kill(): void;
}

/** By script(1): it opens the terminal, hands on what is typed, and ends as the program does. */
export function startInTerminal(argv: readonly string[], options: TerminalOptions): InTerminal {
  const { cwd, env, columns = 80, rows = 24 } = options;
  const emulator = new xterm.Terminal({
    cols: columns,
    rows,
    allowProposedApi: true,
    scrollback: 1000,
  });
  const named = join(cwd, '.tty');
  const prepared = `stty cols ${columns} rows ${rows}; tty > ${shellWord(named)}`;
  const line = `${prepared}; exec ${argv.map(shellWord).join(' ')}`;
  const child = spawn(
    'script',
    ['--quiet', '--flush', '--return', '--command', line, '/dev/null'],
    {
      cwd,
      env: { TERM: 'xterm-256color', SHELL: '/bin/sh', ...env },
      stdio: ['pipe', 'pipe', 'inherit'],
    },
  );
  let all = '';
  let written: Promise<void> = Promise.resolve();
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    all += text;
    written = new Promise((resolve) => emulator.write(text, resolve));
  });
  const lines = async () => {
    await written;
    return linesOf(emulator);
  };
  return {
    emulator,
    lines,
    bytes: () => all,
    isCursorShown: async () => {
      await written;
      return all.lastIndexOf('\u001b[?25l') <= all.lastIndexOf('\u001b[?25h');
    },
    type: (text) => void child.stdin.write(text),
    resize: async (cols, to = rows) => {
      emulator.resize(cols, to);
      const tty = (await readFile(named, 'utf8')).trim();
      await execa('stty', ['-F', tty, 'cols', `${cols}`, 'rows', `${to}`]);
    },
    until: async (isThere) => {
      for (let attempt = 0; attempt < 1200; attempt++) {
        const now = await lines();
        if (isThere(now)) return now;
        await sleep(50);
      }
      throw new Error(`never came:\n${(await lines()).join('\n')}`);
    },
    exitCode: once(child, 'close').then(([code]) => code as number),
    kill: () => child.kill('SIGKILL'),
  };
}

export function linesOf({ buffer: { active } }: Terminal): string[] {
  const all = Array.from(
    { length: active.length },
    (_, at) => active.getLine(at)?.translateToString(true) ?? '',
  );
  const last = all.findLastIndex((line) => line !== '');
  return all.slice(0, last + 1);
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
