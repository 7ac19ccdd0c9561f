import { expect, test } from 'vitest';
import { times } from '../support/thorough.js';
import { killChildren, killParents } from './kills.js';
import { seeded } from '../support/seeded.js';

const CHILDREN = times(20, 300);
const PARENTS = times(3, 40);

test(`when ${CHILDREN} children die at random moments, everything open settles, and nothing is left`, async () => {
  const { kills, outcomes } = await killChildren(CHILDREN, seeded(20_261_125));
  expect(kills).toBeGreaterThanOrEqual(CHILDREN);
  expect(outcomes.get('ChildCrashedError')).toBeGreaterThan(CHILDREN / 2);
}, 300_000);

test(`when ${PARENTS} parents are killed, some of them after their reapers, their children end`, async () => {
  const { children, reapers } = await killParents(PARENTS, seeded(1));
  expect(children).toBe(3 * PARENTS);
  // Windows ends the children itself.
  if (process.platform !== 'win32') expect(reapers).toBeGreaterThan(0);
}, 300_000);
