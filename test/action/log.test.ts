import { describe, expect, test } from 'vitest';
import { actionLog, harmless } from '../../src/action/log.ts';
import type { Event } from '../../src/report/events.ts';
import { makeRedactor } from '../../src/report/redact.ts';
import { recordingLog } from './recorder.ts';

/** What the runner takes for a command (actions/runner, ActionCommand.cs), with characters that show nothing passed over. */
function isCommand(line: string): boolean {
  const seen = line.replace(/[^ -~]/g, '');
  return /^\s*::.*::/.test(seen) || /##\[.*\]/.test(seen);
}

describe('a line of the log is no workflow command', () => {
  test.each([
    ['::set-output name=a::b', ': :set-output name=a::b'],
    ['  ::add-mask::x', '  : :add-mask::x'],
    ['\t::warning::x', '\t: :warning::x'],
    ['one\n::error::two', 'one\n: :error::two'],
    ['one\r::error::two', 'one\r: :error::two'],
    ['one\u2028::error::two', 'one\u2028: :error::two'],
    ['\u200b::stop-commands::x', '\u200b: :stop-commands::x'],
    [':\u200b:set-env name=a::b', ': \u200b:set-env name=a::b'],
    ['##[group]x', '# #[group]x'],
    ['  copied  a ##[set-env name=A;]b', '  copied  a # #[set-env name=A;]b'],
    ['#\u00ad#\u00ad[group]x', '# \u00ad#\u00ad[group]x'],
  ])('%j', (line, expected) => {
    expect(isCommand(line.split(/[\n\r\u2028]/).at(-1) ?? '')).toBe(true);
    expect(harmless(line)).toBe(expected);
    expect(
      harmless(line)
        .split(/[\n\r\u2028]/)
        .some(isCommand),
    ).toBe(false);
  });

  test.each([
    'docker.io::harbor.example.org/airgap-images/docker.io',
    '  copied   nginx:1',
    'a # comment',
    '## heading',
    '[::1]:5000/a/b:1',
  ])('%j stays as it is', (line) => {
    expect(harmless(line)).toBe(line);
  });
});

describe('events', () => {
  function said(...events: Event[]): string[] {
    const log = recordingLog();
    const { emit, endGroup } = actionLog(log, makeRedactor(), () => new Date(0), '/work');
    for (const event of events) emit(event);
    endGroup();
    return log.said;
  }

  test('a step is a group, which ends where the next begins', () => {
    expect(
      said(
        { kind: 'step', name: 'resolving 2 images' },
        { kind: 'note', message: 'one' },
        { kind: 'step', name: 'writing x.tar' },
        { kind: 'image', image: 'nginx:1', state: 'copied' },
      ),
    ).toEqual([
      'group: resolving 2 images',
      'info:   one',
      'endgroup',
      'group: writing x.tar',
      'info:   copied  nginx:1',
      'endgroup',
    ]);
  });

  test('a warning is an annotation, and no line beside it', () => {
    expect(said({ kind: 'warning', message: 'a tag moved', cure: 'pin it' })).toEqual([
      'warning airgap-bundle: a tag moved (cure: pin it)',
    ]);
  });

  test('a secret is masked in every form, once, and gone from what is said later', () => {
    const secret = 'first line\nsecond/line';
    const base64 = (text: string) => Buffer.from(text).toString('base64');
    const masks = said({ kind: 'secret', value: secret }, { kind: 'secret', value: secret });
    expect(masks).toEqual([
      `mask: ${secret}`,
      'mask: first line',
      'mask: second/line',
      `mask: ${base64(secret)}`,
      `mask: ${base64(`${secret}\n`)}`,
      `mask: ${encodeURIComponent(secret)}`,
      'mask: first line\\nsecond/line',
    ]);
    const later = said(
      { kind: 'secret', value: 'hunter22' },
      { kind: 'note', message: 'user:hunter22' },
      { kind: 'warning', message: `got ${base64('hunter22')}` },
      { kind: 'step', name: 'hunter22' },
    );
    expect(later.filter((line) => !line.startsWith('mask:'))).toEqual([
      'info:   user:***',
      'warning airgap-bundle: got ***',
      'group: ***',
      'endgroup',
    ]);
  });

  test('a long secret is masked as base64 prints it, line by line', () => {
    const key = 'k'.repeat(100);
    const lines =
      Buffer.from(key)
        .toString('base64')
        .match(/.{1,76}/g) ?? [];
    expect(lines).toHaveLength(2);
    const masks = said({ kind: 'secret', value: key });
    for (const line of lines) expect(masks).toContain(`mask: ${line}`);
  });

  test('too short to mask: it would blank out ordinary text', () => {
    expect(said({ kind: 'secret', value: 'abc' })).toEqual(['mask: YWJj', 'mask: YWJjCg==']);
  });

  test('what strangers wrote is shown, and does nothing', () => {
    expect(
      said(
        { kind: 'note', message: 'x\n::set-output name=a::b' },
        {
          kind: 'image',
          image: 'a',
          state: 'failed',
          detail: 'denied\r\n##[error]x $\u007b{ github }}',
        },
      ),
    ).toEqual([
      'info:   x\n: :set-output name=a::b',
      'info:   failed  a  denied\\u{d}\n# #[error]x $\u007b{ github }}',
    ]);
  });
});
