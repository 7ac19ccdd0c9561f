import { expect, test } from 'vitest';
import { Backoff } from '../../../src/parent/fleet/backoff.js';

const options = { maxRestarts: 4, within: 1000, minDelay: 100, maxDelay: 250 };
const about = (delay: number | undefined, least: number): void => {
  expect(delay).toBeGreaterThanOrEqual(least);
  expect(delay).toBeLessThanOrEqual(least * 1.25);
};

test('the delay doubles up to a limit, and after too many crashes there is none', () => {
  const backoff = new Backoff(options);
  about(backoff.next(0), 100);
  about(backoff.next(100), 200);
  about(backoff.next(200), 250);
  about(backoff.next(300), 250);
  expect(backoff.next(400)).toBeUndefined();
});

test('crashes that are long ago do not count, and the delay is short again', () => {
  const backoff = new Backoff(options);
  about(backoff.next(0), 100);
  about(backoff.next(900), 200);
  about(backoff.next(1950), 100);
  for (let time = 4000; time < 40_000; time += 300) expect(backoff.next(time)).toBeDefined();
});

test('without restarts the first crash is the last', () => {
  expect(new Backoff({ ...options, maxRestarts: 0 }).next(0)).toBeUndefined();
});
