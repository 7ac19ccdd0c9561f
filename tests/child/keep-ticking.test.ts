import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { procxy, sync, TimeoutError, type Procxy, type ProcxyOptions } from 'procxy';
import { FakingClock } from '../fixtures/faking-clock.js';

/** A child whose class fakes the clock of its process, by default with all that Node itself needs. */

const module = '../fixtures/faking-clock.js';
const options = {
  serialization: 'advanced',
  enableCallbacks: true,
  stdio: 'pipe',
  heartbeat: { interval: 50, limit: 20_000, onBlocked: 'terminate' },
} as const satisfies ProcxyOptions;
type Faking = Procxy<FakingClock, typeof options>;

const configs = { all: {}, 'all but ticks': { toNotFake: ['nextTick' as const] } };
const starts: Record<string, (channel: 'ipc' | 'socket', config: object) => Promise<Faking>> = {
  'at import': (channel, config) =>
    procxy(FakingClock, module, { ...options, channel, env: { FAKE_AT_IMPORT: JSON.stringify(config) } }),
  'in its constructor': (channel, config) => procxy(FakingClock, module, { ...options, channel }, config),
  'in a call': async (channel, config) => {
    const faking = await procxy(FakingClock, module, { ...options, channel });
    await faking.fake(config);
    return faking;
  },
};

describe.each(['ipc', 'socket'] as const)('over %s', (channel) => {
  describe.each(Object.entries(starts))('a class that fakes the clock %s', (_when, start) => {
    test.each(Object.entries(configs))('%s, continues to be served', async (_which, config) => {
      const faking = await start(channel, config);
      let output = '';
      faking.$process.stdout?.on('data', (chunk) => (output += String(chunk)));
      expect(await faking.isFaked()).toBe(true);
      const heard = new Promise((resolve) => faking.once('changed', resolve));
      expect(await faking.add(2)).toBe(2);
      expect(await heard).toBe(2);
      expect(faking.total).toBe(2);
      expect(await faking.ask((value) => value + 1)).toBe(21);
      expect(await faking.askAtOnce(sync((value) => value + 2))).toBe(22);
      const counted: number[] = [];
      for await (const number of await faking.count()) counted.push(number);
      expect(counted).toEqual([1, 2]);
      let size = 0;
      for await (const chunk of await faking.bytes()) size += (chunk as Buffer).length;
      expect(size).toBe(200_000);
      await expect(faking.$with({ timeout: 30 }).never()).rejects.toThrow(TimeoutError);
      await faking.$terminate();
      expect(output).toBe('disposed\n');
      expect(await faking.$exited).toEqual({ code: 0, signal: null });
    });
  });
});

test('a faked process.nextTick is real again, and the child says so', async () => {
  const faking = await procxy(FakingClock, module, options, {});
  const printed = text(faking.$process.stderr as Readable);
  expect(await faking.isTickFaked()).toBe(false);
  await faking.$terminate();
  const errors = await printed;
  expect(errors).toMatch(/\[PROCXY_CLOCK_FAKED\] ProcxyWarning: process\.nextTick was faked/);
  expect(errors).toContain("install({ toNotFake: ['nextTick'] })");
  expect(errors.match(/PROCXY_CLOCK_FAKED/g)).toHaveLength(1);
});

test('a fake clock that does not fake ticks causes no warning', async () => {
  const faking = await procxy(FakingClock, module, options, configs['all but ticks']);
  const printed = text(faking.$process.stderr as Readable);
  expect(await faking.isFaked()).toBe(true);
  await faking.$terminate();
  expect(await printed).toBe('');
});
