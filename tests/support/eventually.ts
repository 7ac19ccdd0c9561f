import { vi } from 'vitest';

/** Waits until an assertion holds. Its limit is for a busy machine: `vi.waitFor()` gives up after one second. */
export function eventually<T>(assertion: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(assertion, { timeout: 30_000, interval: 20 });
}

/** Lets messages in memory arrive, and be answered: they take turns of the event loop, and no time. */
export async function severalTurns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
}
