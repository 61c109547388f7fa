import { describe, expect, test } from 'vitest';
import { afterWindow, firstStanding, halved, Pace, type Window } from '../../src/registry/pace.ts';

/** A window in which places were wanting; `latency` matters only where it is told. */
const full = (rate: number, latency?: number): Window => ({ rate, latency, isFull: true });
const slack = (rate: number): Window => ({ rate, latency: undefined, isFull: false });

/** The places after each of these, from the first standing on. */
function placesAfter(most: number, steps: readonly (Window | 'trouble')[]): number[] {
  let standing = firstStanding(most);
  return steps.map((seen) => {
    standing = seen === 'trouble' ? halved(standing) : afterWindow(standing, seen, most);
    return standing.places;
  });
}

const same = (count: number, rate: number) => Array.from({ length: count }, () => full(rate));

describe('places after windows, beginning with sixteen', () => {
  test.each<[string, number, (Window | 'trouble')[], number[]]>([
    [
      'grow by eight while that brings at least half of what it could',
      64,
      [full(800), full(1200), full(1500), full(1800), full(2100), full(2400), full(2700)],
      [24, 32, 40, 48, 56, 64, 64],
    ],
    [
      'end at what is allowed',
      36,
      [full(800), full(1200), full(1600), full(1800)],
      [24, 32, 36, 36],
    ],
    ['begin with what is allowed', 3, [full(100), full(100)], [3, 3]],
    ['go back when more of them bring nothing', 32, same(2, 800), [24, 16]],
    ['do not grow while nobody waits', 32, [slack(800), slack(1600), slack(3200)], [16, 16, 16]],
    [
      'wait for a full window to judge a step',
      32,
      [full(800), slack(10), slack(2000), full(1200)],
      [24, 24, 24, 32],
    ],
    [
      'try again ever later: after 2 windows, 4, 8',
      32,
      same(22, 800),
      [24, 16, 16, 16, 24, 16, 16, 16, 16, 16, 24, 16, 16, 16, 16, 16, 16, 16, 16, 16, 24, 16],
    ],
    [
      'keep an early step when a later one does not pay',
      32,
      [full(800), full(1200), full(1250)],
      [24, 32, 24],
    ],
    [
      'halve, down to one',
      32,
      ['trouble', 'trouble', 'trouble', 'trouble', 'trouble'],
      [8, 4, 2, 1, 1],
    ],
    [
      'come back one by one after trouble, whatever the rate, as far as sixteen',
      32,
      ['trouble', ...same(11, 800)],
      [8, 8, 9, 10, 11, 12, 13, 14, 15, 16, 24, 16],
    ],
    ['of one stay one', 1, ['trouble', ...same(4, 100)], [1, 1, 1, 1, 1]],
    [
      'halve when answers take thrice as long and no more gets done',
      32,
      [full(800, 100), full(700, 350)],
      [24, 12],
    ],
    ['stay when more gets done all the same', 32, [full(800, 100), full(1200, 350)], [24, 32]],
    [
      'are not halved for answers that are quick all the same',
      32,
      [full(800, 5), full(700, 150)],
      [24, 16],
    ],
    [
      'are halved once for a latency that stays',
      32,
      [full(800, 100), full(700, 350), full(700, 350), full(700, 350)],
      [24, 12, 12, 13],
    ],
  ])('%s', (_, most, steps, expected) => {
    expect(placesAfter(most, steps)).toEqual(expected);
  });
});

describe('windows', () => {
  /** So many ends in so many milliseconds from `from` on. */
  const work = (pace: Pace, from: number, milliseconds: number, ends: number, isWanted = true) => {
    for (let end = 1; end <= ends; end++) pace.ended(from + (milliseconds * end) / ends, isWanted);
  };

  test('last a quarter of a second', () => {
    const pace = new Pace(32);
    pace.began(1_000);
    work(pace, 1_000, 249, 100);
    expect(pace.places).toBe(16);
    pace.ended(1_250, true);
    expect(pace.places).toBe(24);
  });

  test('last until as much work has ended as there are places', () => {
    const pace = new Pace(32);
    pace.began(0);
    work(pace, 0, 5_000, 15);
    expect(pace.places).toBe(16);
    pace.ended(6_000, true);
    expect(pace.places).toBe(24);
  });

  test('begin anew after a pause, which would make any rate look like growth', () => {
    const pace = new Pace(32);
    pace.began(0);
    work(pace, 0, 100, 15);
    pace.began(60_000);
    work(pace, 60_000, 200, 16);
    expect(pace.places).toBe(16);
  });

  test.each([
    ['bytes are work too', 6_400 * 1024, 32],
    ['without bytes the same ends are no growth', 0, 16],
  ])('%s', (_, bytes, expected) => {
    const pace = new Pace(32);
    pace.began(0);
    work(pace, 0, 250, 100);
    pace.moved(bytes);
    work(pace, 250, 250, 100);
    expect(pace.places).toBe(expected);
  });

  test('trouble counts once in each, and keeps the window from growing', () => {
    const pace = new Pace(32);
    pace.began(0);
    for (let i = 0; i < 5; i++) pace.troubled();
    expect(pace.places).toBe(8);
    work(pace, 0, 250, 100);
    expect(pace.places).toBe(8);
    pace.troubled();
    expect(pace.places).toBe(4);
  });

  test('a pause is not the end of trouble: one who tries again, alone, halves no more', () => {
    const pace = new Pace(32);
    for (const now of [0, 1_000, 2_000]) {
      pace.began(now);
      pace.troubled();
      pace.ended(now + 900, false);
    }
    expect(pace.places).toBe(8);
  });

  test('take the mean of what answers took', () => {
    const pace = new Pace(32);
    pace.began(0);
    pace.answered(100);
    pace.answered(200);
    work(pace, 0, 250, 100);
    pace.answered(400);
    pace.answered(600);
    work(pace, 250, 250, 100);
    expect(pace.places).toBe(12);
  });
});
