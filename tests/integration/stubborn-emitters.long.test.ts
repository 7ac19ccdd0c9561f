import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { HardToHear, Stubborn, ways } from '../fixtures/stubborn-emitter.js';
import { modes, settings, sleep, within } from '../support/streams.js';

const module = '../fixtures/stubborn-emitter.js';
const places: Pick<ProcxyOptions, 'serialization' | 'channel' | 'inProcess'>[] = [
  ...settings,
  ...modes.map((serialization) => ({ serialization, inProcess: true })),
];

/** The arguments of `process.emitWarning()`. */
let warnings: string[] = [];
const record = ({ message }: Error): number => warnings.push(message);
beforeEach(() => {
  warnings = [];
  process.on('warning', record);
});
afterEach(() => process.off('warning', record));

describe.each(places)('with %o', (place) => {
  const options = { stdio: 'ignore' as const, ...place };

  describe.each(Object.keys(ways) as (keyof typeof ways)[])('an emitter whose off() %s', (way) => {
    let proxy: Procxy<Stubborn>;
    let heard: unknown[];
    const listener = (...args: unknown[]): number => heard.push(...args);
    beforeEach(async () => {
      heard = [];
      proxy = await procxy(Stubborn, module, options, way);
    });
    afterEach(() => proxy.$terminate());

    test('may still emit when there are no more listeners', async () => {
      proxy.on('tick', listener);
      await proxy.fire('before');
      proxy.off('tick', listener);
      for (let turn = 0; turn < 3; turn++) expect(await proxy.fire('after')).toBe(1);
      await sleep(60);
      expect(await proxy.fire('late', 'after')).toBe(2);
      expect(heard).toEqual(['before', 'before', 'before']);
      expect(await proxy.$stats()).toMatchObject({ parent: { subscriptions: 0 }, child: { subscriptions: 0 } });
    });

    test('delivers each event once to listeners that are added again', async () => {
      for (let round = 0; round < 3; round++) {
        proxy.on('tick', listener);
        proxy.off('tick', listener);
      }
      proxy.on('tick', listener);
      await proxy.fire('again');
      expect(heard).toEqual(['again', 'again', 'again']);
    });

    test('may emit while a subscription ends', async () => {
      await proxy.fireForEver();
      for (let round = 0; round < 10; round++) {
        proxy.once('tick', listener);
        const calls = Promise.all(Array.from({ length: 10 }, () => proxy.fire('burst')));
        expect(await within(calls, 'the calls')).toHaveLength(10);
      }
      expect(heard.length).toBe(10);
    });
  });

  test.each(['throws', 'rejects'] as const)('an emitter whose on() %s is a warning, and goes on', async (way) => {
    await using proxy = await procxy(HardToHear, module, options, way);
    const listener = (): void => {};
    proxy.on('tick', listener);
    expect(await proxy.fire()).toBe(true);
    proxy.off('tick', listener);
    expect(await proxy.fire()).toBe(way === 'throws');
    await sleep(0);
    expect(warnings).toEqual(["The event 'tick' did not arrive. it was added, and this fails."]);
  });
});

test.each(modes)(
  'off() that fails is a warning of the process that has the emitter, in %s mode',
  async (serialization) => {
    for (const way of ['throws', 'rejects'] as const) {
      await using proxy = await procxy(Stubborn, module, { serialization, inProcess: true }, way);
      proxy.on('tick', () => {}).removeAllListeners('tick');
      await proxy.fire();
    }
    await sleep(0);
    const message = "off() of the event 'tick' failed. it cannot be removed.";
    expect(warnings).toEqual([message, message]);
  },
);
