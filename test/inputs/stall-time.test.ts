import { expect, test } from 'vitest';
import { stallTimeOf } from '../../src/inputs/stall-time.ts';

const read = (text: string | undefined) => stallTimeOf({ AIRGAP_BUNDLE_STALL_SECONDS: text });

test.each([
  [undefined, undefined],
  ['', undefined],
  ['1', 1_000],
  ['1.5', 1_500],
  ['300', 300_000],
  ['3600', 3_600_000],
])('%j is %j ms', (text, milliseconds) => {
  expect(read(text)).toBe(milliseconds);
});

test.each(['0', '0.001', '0.99', '3601', '1e9', '-5', '60s', ' 60', 'Infinity', '0x10', 'never'])(
  '%j is refused',
  (text) => {
    expect(() => read(text)).toThrow(
      expect.objectContaining({
        class: 'usage',
        message: expect.stringContaining('AIRGAP_BUNDLE_STALL_SECONDS'),
        given: text,
        expected: expect.stringContaining('from 1 to 3600'),
      }),
    );
  },
);
