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

describe('places after windows, beginning with eight', () => {
  test.each<[string, number, (Window | 'trouble')[], number[]]>([
    [
      'grow by four while that brings at least half of what it could',
      32,
      [full(800), full(1200), full(1500), full(1800), full(2100), full(2400), full(2700)],
      [12, 16, 20, 24, 28, 32, 32],
    ],
    [
      'end at what is allowed',
      18,
      [full(800), full(1200), full(1600), full(1800)],
      [12, 16, 18, 18],
    ],
    ['begin with what is allowed', 3, [full(100), full(100)], [3, 3]],
    ['go back when more of them bring nothing', 32, same(2, 800), [12, 8]],
    ['do not grow while nobody waits', 32, [slack(800), slack(1600), slack(3200)], [8, 8, 8]],
    [
      'wait for a full window to judge a step',
      32,
      [full(800), slack(10), slack(2000), full(1200)],
      [12, 12, 12, 16],
    ],
    [
      'try again ever later: after 2 windows, 4, 8',
      32,
      same(22, 800),
      [12, 8, 8, 8, 12, 8, 8, 8, 8, 8, 12, 8, 8, 8, 8, 8, 8, 8, 8, 8, 12, 8],
    ],
    [
      'keep an early step when a later one does not pay',
      32,
      [full(800), full(1200), full(1250)],
      [12, 16, 12],
    ],
    ['halve, down to one', 32, ['trouble', 'trouble', 'trouble', 'trouble'], [4, 2, 1, 1]],
    [
      'come back one by one after trouble, whatever the rate, as far as eight',
      32,
      ['trouble', ...same(7, 800)],
      [4, 4, 5, 6, 7, 8, 12, 8],
    ],
    ['of one stay one', 1, ['trouble', ...same(4, 100)], [1, 1, 1, 1, 1]],
    [
      'halve when answers take thrice as long and no more gets done',
      32,
      [full(800, 100), full(700, 350)],
      [12, 6],
    ],
    ['stay when more gets done all the same', 32, [full(800, 100), full(1200, 350)], [12, 16]],
    [
      'are not halved for answers that are quick all the same',
      32,
      [full(800, 5), full(700, 150)],
      [12, 8],
    ],
    [
      'are halved once for a latency that stays',
      32,
      [full(800, 100), full(700, 350), full(700, 350), full(700, 350)],
      [12, 6, 6, 7],
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
    expect(pace.places).toBe(8);
    pace.ended(1_250, true);
    expect(pace.places).toBe(12);
  });

  test('last until as much work has ended as there are places', () => {
    const pace = new Pace(32);
    pace.began(0);
    work(pace, 0, 5_000, 7);
    expect(pace.places).toBe(8);
    pace.ended(6_000, true);
    expect(pace.places).toBe(12);
  });

  test('begin anew after a pause, which would make any rate look like growth', () => {
    const pace = new Pace(32);
    pace.began(0);
    work(pace, 0, 100, 7);
    pace.began(60_000);
    work(pace, 60_000, 200, 8);
    expect(pace.places).toBe(8);
  });

  test.each([
    ['bytes are work too', 6_400 * 1024, 16],
    ['without bytes the same ends are no growth', 0, 8],
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
    expect(pace.places).toBe(4);
    work(pace, 0, 250, 100);
    expect(pace.places).toBe(4);
    pace.troubled();
    expect(pace.places).toBe(2);
  });

  test('a pause is not the end of trouble: one who tries again, alone, halves no more', () => {
    const pace = new Pace(32);
    for (const now of [0, 1_000, 2_000]) {
      pace.began(now);
      pace.troubled();
      pace.ended(now + 900, false);
    }
    expect(pace.places).toBe(4);
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
    expect(pace.places).toBe(6);
  });
});
