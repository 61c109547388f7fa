import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { AirgapError } from '../../src/report/error.ts';
import { seeToEach } from '../../src/vendors/need.ts';

const names = Array.from({ length: 20 }, (_, index) => `p${index}`);

test('a few at a time, in the order of the names', async () => {
  let [now, most] = [0, 0];
  const { needs } = await seeToEach('project', names, async () => {
    most = Math.max(most, ++now);
    await sleep(5);
    now--;
    return 'made';
  });
  expect(most).toBe(4);
  expect(needs.map(({ name }) => name)).toEqual(names);
});

test('what fails is told once a reason, and keeps no other', async () => {
  const { needs, errors } = await seeToEach('project', names, async (name) => {
    if (name === 'p7') throw new AirgapError('refused', 'not p7');
    if (name < 'p3') throw new AirgapError('authentication', 'who are you', { given: '401' });
    return 'exists';
  });
  expect(needs.filter(({ state }) => state === 'exists')).toHaveLength(names.length - 14);
  expect(errors.map(({ message }) => message).sort()).toEqual(['not p7', 'who are you']);
});

test('a bug is no failure of a need', async () => {
  const seeTo = async () => Promise.reject(new TypeError('ours'));
  await expect(seeToEach('project', names, seeTo)).rejects.toThrow(TypeError);
});
