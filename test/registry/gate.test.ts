import { describe, expect, test } from 'vitest';
import { Gate } from '../../src/registry/gate.ts';

const { signal } = new AbortController();

/** Who is inside, by number, and how each of so many leaves. */
function crowd(gate: Gate, count: number) {
  const inside: number[] = [];
  const leaves: (() => void)[] = [];
  for (let number = 0; number < count; number++)
    void gate.enter(signal).then((leave) => {
      inside.push(number);
      leaves[number] = leave;
    });
  return { inside, leave: (number: number) => leaves[number]?.() };
}

const soon = () => new Promise((resolve) => setImmediate(resolve));

describe('a gate', () => {
  test('lets so many in at a time, first come first served', async () => {
    const { inside, leave } = crowd(new Gate({ places: 2 }), 4);
    await soon();
    expect(inside).toEqual([0, 1]);
    leave(1);
    await soon();
    expect(inside).toEqual([0, 1, 2]);
  });

  test('takes a place back once, however often it is given', async () => {
    const { inside, leave } = crowd(new Gate({ places: 1 }), 3);
    await soon();
    leave(0);
    leave(0);
    await soon();
    expect(inside).toEqual([0, 1]);
  });

  test('that grows lets more in at the next leave', async () => {
    const size = { places: 1 };
    const { inside, leave } = crowd(new Gate(size), 5);
    await soon();
    size.places = 3;
    leave(0);
    await soon();
    expect(inside).toEqual([0, 1, 2, 3]);
  });

  test('that shrinks throws nobody out, and lets in when so many have left', async () => {
    const size = { places: 3 };
    const { inside, leave } = crowd(new Gate(size), 5);
    await soon();
    size.places = 1;
    leave(0);
    leave(1);
    await soon();
    expect(inside).toEqual([0, 1, 2]);
    leave(2);
    await soon();
    expect(inside).toEqual([0, 1, 2, 3]);
  });

  test('forgets who waits no more', async () => {
    const gate = new Gate({ places: 1 });
    const controller = new AbortController();
    const leave = await gate.enter(signal);
    const waiting = gate.enter(controller.signal);
    controller.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    leave();
    expect(gate.tryEnter()).toBeDefined();
  });

  test('tells its size who came first and who left', async () => {
    const told: unknown[] = [];
    const gate = new Gate({
      places: 1,
      began: () => told.push('began'),
      ended: (_, isWanted) => told.push(isWanted),
    });
    const { leave } = crowd(gate, 2);
    await soon();
    leave(0);
    await soon();
    leave(1);
    expect(told).toEqual(['began', true, false]);
  });
});

describe('without waiting', () => {
  test('a place is to be had while there is one', async () => {
    const gate = new Gate({ places: 1 });
    const leave = gate.tryEnter();
    expect(gate.tryEnter()).toBeUndefined();
    leave?.();
    expect(gate.tryEnter()).toBeDefined();
  });

  test('nobody gets past those who wait', async () => {
    const size = { places: 1 };
    const gate = new Gate(size);
    crowd(gate, 2);
    await soon();
    size.places = 2;
    expect(gate.tryEnter()).toBeUndefined();
  });
});
