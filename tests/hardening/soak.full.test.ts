import { expect, test } from 'vitest';
import { times } from '../support/thorough.js';
import { growth, soak } from './soak.js';

const SECONDS = times(4, 60);

test(`${SECONDS} s of everything leave nothing open, and neither side grows`, async () => {
  const { held } = await soak(SECONDS, 4);
  for (const list of held.values()) {
    expect(growth(list, 'parentDescriptors')).toBeLessThanOrEqual(0);
    expect(growth(list, 'childDescriptors')).toBeLessThanOrEqual(0);
    expect(growth(list, 'parentHeap')).toBeLessThan(3e6);
    expect(growth(list, 'childHeap')).toBeLessThan(3e6);
  }
}, 300_000);
