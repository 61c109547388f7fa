import type { Random } from '../random.ts';

/** What makes the runner, a terminal or a page act, if it gets there as it is. Whatever it would set says `evil`. */
const tokens = [
  '::add-mask::evil',
  '::set-output name=evil::evil',
  '::set-env name=PATH::evil',
  '::stop-commands::evil',
  '::error::evil',
  '::group::evil',
  '##[add-mask]evil',
  '##[set-output name=evil;]evil',
  ':\u200b:add-mask::evil',
  '\u200b::add-mask::evil',
  '#\u200b#[error]evil',
  '%0A::error::evil',
  '$\u007b{ secrets.KEY }}',
  'EOF',
  'evil<<EOF\nevil\nEOF',
  'ghadelimiter_00000000-0000-0000-0000-000000000000\nevil=evil',
  '</code><script>evil()</script>',
  '[x](https://evil.example.org)',
  '`evil`',
  '$(touch evil)',
  '\u001b]0;evil\u0007',
];
const separators = ['\n', '\r', '\r\n', '\n  ', '\u2028', '\u0085', ' ', '\t', '\0\n'];

/** Begins with a harmless letter, so that what acts is not at the beginning by our own doing. */
export function strangersText(random: Random): string {
  const parts = Array.from({ length: 3 + random.below(6) }, () => [
    random.pick(separators),
    random.pick(tokens),
  ]);
  return `x${parts.flat().join('')}`;
}
