import { expect, test } from 'vitest';
import { rendezvous } from '../../../src/parent/fleet/rendezvous.js';

const members = [1, 2, 3, 4].map((id) => ({ id }));
const keys = Array.from({ length: 1000 }, (_, n) => `user-${n}`);

test('a key has one member, and the keys are spread evenly', () => {
  const counts = new Map<number | undefined, number>();
  for (const key of keys) {
    const id = rendezvous(key, members)?.id;
    expect(rendezvous(key, members.toReversed())?.id).toBe(id);
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  expect(counts.size).toBe(4);
  for (const count of counts.values()) expect(Math.abs(count - 250)).toBeLessThan(75);
});

test('when a member goes, only its own keys move', () => {
  const left = members.filter(({ id }) => id !== 2);
  for (const key of keys) {
    const before = rendezvous(key, members)?.id;
    if (before !== 2) expect(rendezvous(key, left)?.id).toBe(before);
  }
  expect(rendezvous('x', [])).toBeUndefined();
});
