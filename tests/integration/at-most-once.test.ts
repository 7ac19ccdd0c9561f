import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy, TimeoutError } from 'procxy';
import { Counter } from '../fixtures/counter.js';
import { until } from '../support/processes.js';

describe('a call runs at most once', () => {
  let folder: string;
  let log: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-'));
    log = join(folder, 'log');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const runs = (): number => readFileSync(log, 'utf8').length;

  test('even if it times out', async () => {
    await using counter = await procxy(Counter, '../fixtures/counter.js', { timeout: 100 }, log);
    await expect(counter.countAndSleep(60_000)).rejects.toBeInstanceOf(TimeoutError);
    expect(await counter.$with({ timeout: 0 }).countAndSleep(0)).toBe(2);
    expect(runs()).toBe(2);
  });

  test('unless retries allows more: then once more for each retry', async () => {
    await using counter = await procxy(Counter, '../fixtures/counter.js', { timeout: 100, retries: 2 }, log);
    await expect(counter.countAndSleep(60_000)).rejects.toBeInstanceOf(TimeoutError);
    await until(() => existsSync(log) && runs() === 3, 'the last run');
  });

  test('the result of a retry that is quick enough is used', async () => {
    await using counter = await procxy(Counter, '../fixtures/counter.js', { timeout: 2500, retries: 5 }, log);
    expect(await counter.slowUntil(3)).toBe(3);
    expect(runs()).toBe(3);
  });

  test('only a timeout is retried, not an error of the method', async () => {
    await using counter = await procxy(Counter, '../fixtures/counter.js', { retries: 3 }, log);
    await expect(counter.countAndThrow()).rejects.toThrow('counted');
    expect(runs()).toBe(1);
  });
});
