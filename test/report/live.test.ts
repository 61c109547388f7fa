import { Terminal as Emulator } from '@xterm/headless';
import { describe, expect, test } from 'vitest';
import type { Event } from '../../src/report/events.ts';
import { lineListener } from '../../src/report/lines.ts';
import { makeRedactor } from '../../src/report/redact.ts';

type Bytes = Extract<Event, { kind: 'bytes' }>;

const MiB = 1024 ** 2;
const running = (...names: string[]): NonNullable<Bytes['running']> =>
  names.map((image, at) => ({ image, done: (at + 1) * MiB, total: 10 * MiB }));
const bytes = (...names: string[]): Bytes => ({
  kind: 'bytes',
  done: 30 * MiB,
  total: 100 * MiB,
  images: { done: 1, total: 8 },
  running: running(...names),
});

/** A listener that draws on an emulated terminal; a second passes with each event. */
function onTerminal(columns = 80, rows = 24) {
  const emulator = new Emulator({ cols: columns, rows, allowProposedApi: true });
  const pending: Promise<void>[] = [];
  const write = (text: string) => {
    pending.push(new Promise((done) => emulator.write(text.replaceAll('\n', '\r\n'), done)));
  };
  let seconds = 0;
  const redactor = makeRedactor();
  const lines = lineListener(
    {
      write: (line) => write(`${line}\n`),
      terminal: { write, size: () => ({ columns: emulator.cols, rows: emulator.rows }) },
      now: () => new Date(1000 * seconds),
    },
    redactor,
  );
  return {
    lines,
    redactor,
    tell: (...events: Event[]) => {
      for (const event of events) {
        seconds += 1;
        lines.emit(event);
      }
    },
    resize: async (cols: number) => {
      await Promise.all(pending);
      emulator.resize(cols, emulator.rows);
      lines.redraw();
    },
    screen: async () => {
      await Promise.all(pending);
      const { active } = emulator.buffer;
      const shown = Array.from({ length: active.length }, (_, at) =>
        active.getLine(at)?.translateToString(true),
      );
      return shown.join('\n').trimEnd();
    },
  };
}

const totals = '  30 MiB of 100 MiB, 30 %, 1 of 8 images';

describe('images that move', () => {
  test('have a row each, above how far all is', async () => {
    const { tell, screen } = onTerminal();
    tell(bytes(), bytes('nginx:1.27', 'quay.io/jetstack/cert-manager-controller:v1.16.1'));
    expect(await screen()).toBe(
      [
        '  nginx:1.27                               #-------------     1.0 MiB of 10 MiB',
        '  …tstack/cert-manager-controller:v1.16.1  ##------------     2.0 MiB of 10 MiB',
        totals,
      ].join('\n'),
    );
  });

  test('are six at most, and how many more there are', async () => {
    const { tell, screen } = onTerminal();
    tell(bytes(), bytes('a:1', 'b:1', 'c:1', 'd:1', 'e:1', 'f:1', 'g:1'));
    const shown = (await screen()).split('\n');
    expect(shown).toHaveLength(7);
    expect(shown.slice(-2)).toEqual(['  and 2 more', totals]);
  });

  test('leave two lines of a small terminal free', async () => {
    const { tell, screen } = onTerminal(80, 5);
    tell(bytes(), bytes('a:1', 'b:1', 'c:1', 'd:1'));
    expect((await screen()).split('\n')).toHaveLength(3);
  });

  test('are names alone where there is no room for more', async () => {
    const { tell, screen } = onTerminal(40);
    tell(bytes(), bytes('quay.io/jetstack/cert-manager-controller:v1.16.1'));
    expect(await screen()).toBe(
      '  …tack/cert-manager-controller:v1.16.1\n  30 MiB of 100 MiB, 30 %, 1 of 8 imag…',
    );
  });
});

describe('what is drawn', () => {
  test('gives way to every line, and comes again below it', async () => {
    const { tell, screen } = onTerminal();
    tell(bytes(), bytes('a:1', 'b:1'), { kind: 'image', image: 'a:1', state: 'copied' });
    expect((await screen()).split('\n')).toEqual([
      '  copied  a:1',
      expect.stringMatching(/^ {2}a:1 /),
      expect.stringMatching(/^ {2}b:1 /),
      totals,
    ]);
  });

  test('leaves nothing behind', async () => {
    const { tell, screen, lines } = onTerminal();
    tell(bytes(), bytes('a:1', 'b:1'), bytes('b:1'));
    lines.clear();
    expect(await screen()).toBe('');
    tell({ kind: 'note', message: 'done' });
    expect(await screen()).toBe('  done');
  });

  test('goes with its step', async () => {
    const { tell, screen } = onTerminal();
    tell(bytes(), bytes('a:1'), { kind: 'step', name: 'next' });
    expect(await screen()).toBe('next …');
  });

  test.each([60, 41, 24, 120])('fits a terminal that becomes %i columns wide', async (columns) => {
    const { tell, screen, resize, lines } = onTerminal();
    tell({ kind: 'note', message: 'before' }, bytes(), bytes('a:1', 'b:1'));
    await resize(columns);
    const shown = (await screen()).split('\n');
    expect(shown).toHaveLength(4);
    expect(shown[0]).toBe('  before');
    expect(shown.every((line) => line.length < columns)).toBe(true);
    lines.clear();
    expect(await screen()).toBe('  before');
  });

  test('shows no secret and obeys no name', async () => {
    const { tell, screen } = onTerminal();
    tell({ kind: 'secret', value: 'hunter2' }, bytes(), bytes('hunter2/a\u001b[2J:1'));
    expect(await screen()).toContain('  ***/a\\u{1b}[2J:1');
  });

  test.each([80, 40])('shows no part of a secret that is cut, on %i columns', async (columns) => {
    const { tell, screen } = onTerminal(columns);
    const image = 'registry.example/verysupersecret/applications/and/further/names:1';
    tell({ kind: 'secret', value: 'verysupersecret' }, bytes(), bytes(image));
    const shown = await screen();
    expect(shown).toContain('further/names:1');
    expect(shown).not.toContain('secret');
  });
});
