import { expect, test } from 'vitest';
import { CallRing } from '../../../src/session/calls/call-ring.js';

const entry = (id: number): { id: number } => ({ id });
const idsOf = (calls: CallRing<{ id: number }>): number[] => calls.list().map(({ id }) => id);

test('an entry is present until it is taken, and can be taken only once', () => {
  const calls = new CallRing<{ id: number }>();
  const one = entry(1);
  calls.add(one);
  expect(calls.get(1)).toBe(one);
  expect(calls.size).toBe(1);
  expect(calls.take(1)).toBe(one);
  expect(calls.take(1)).toBeUndefined();
  expect(calls.get(1)).toBeUndefined();
  expect(calls.size).toBe(0);
});

test('an unknown id with the same slot as a known one is not found', () => {
  const calls = new CallRing<{ id: number }>();
  calls.add(entry(1));
  for (const id of [65, 129, 2 ** 32 + 1, 2 ** 40 + 1]) {
    expect(calls.get(id)).toBeUndefined();
    expect(calls.take(id)).toBeUndefined();
  }
  expect(calls.size).toBe(1);
});

test('holds a hundred thousand entries, taken in any order', () => {
  const calls = new CallRing<{ id: number }>();
  const count = 100_000;
  for (let id = 1; id <= count; id++) calls.add(entry(id));
  expect(calls.size).toBe(count);
  const ids = idsOf(calls);
  expect(ids).toHaveLength(count);
  expect(ids.every((id, index) => id === index + 1)).toBe(true);
  // 7919 is coprime to the count, so each id occurs once.
  const wrong = ids.filter((n) => {
    const id = ((n * 7919) % count) + 1;
    return calls.take(id)?.id !== id;
  });
  expect(wrong).toEqual([]);
  expect(calls.size).toBe(0);
  expect(calls.list()).toEqual([]);
});

test('a few long-lived entries are found after millions of others, with ids beyond 32 bits too', () => {
  const calls = new CallRing<{ id: number }>();
  const slow = [1, 2, 70, 1000];
  for (let id = 1; id <= 200_000; id++) {
    calls.add(entry(id));
    if (!slow.includes(id)) calls.take(id);
  }
  for (let id = 2 ** 32 - 500; id < 2 ** 32 + 500; id++) {
    calls.add(entry(id));
    calls.take(id);
  }
  expect(idsOf(calls)).toEqual(slow);
  for (const id of slow.toReversed()) expect(calls.take(id)?.id).toBe(id);
  expect(calls.size).toBe(0);
});

test('holds the same entries as a Map after random additions and removals', () => {
  const calls = new CallRing<{ id: number }>();
  const expected = new Map<number, { id: number }>();
  let seed = 1;
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below;
  for (let id = 1; id <= 20_000; id++) {
    const call = entry(id);
    calls.add(call);
    expected.set(id, call);
    // Calls sometimes pile up, and are sometimes settled.
    const settled = Math.floor(id / 2000) % 2 === 0 ? random(2) : random(4);
    for (let n = 0; n < settled; n++) {
      const other = id - random(Math.min(id, 3000));
      if (calls.take(other) !== expected.get(other)) expect.unreachable(`another call than ${other} was taken`);
      expected.delete(other);
    }
    if (calls.size !== expected.size) expect.unreachable(`${calls.size} are open, not ${expected.size}`);
  }
  expect(idsOf(calls)).toEqual([...expected.keys()]);
});
