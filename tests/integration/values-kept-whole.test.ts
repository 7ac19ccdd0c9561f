import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { procxy, SerializationError, sync, type Procxy } from 'procxy';
import { Carrying } from '../fixtures/carrying.js';
import { nodeBinary } from '../support/nodes.js';
import { eventually } from '../support/eventually.js';

const thrown = (promise: Promise<unknown>): Promise<Error & Record<string, unknown>> =>
  promise.then(
    () => expect.unreachable('it must reject'),
    (error: unknown) => error as Error & Record<string, unknown>,
  );

class Rates {
  base = 'EUR';
  of(): number {
    return 1;
  }
}

describe.each([
  ['json', 'ipc'],
  ['advanced', 'ipc'],
  ['json', 'socket'],
  ['advanced', 'socket'],
] as const)('in %s mode on %s', (serialization, channel) => {
  const options = { serialization, channel, enableCallbacks: true } as const;
  let carrying: Procxy<Carrying, typeof options>;
  const loose = (): Record<string, (...args: unknown[]) => Promise<unknown>> => carrying as never;
  beforeAll(async () => {
    carrying = await procxy(Carrying, '../fixtures/carrying.js', options);
  });
  afterAll(() => carrying.$terminate());

  test('an error that refers to itself arrives, in advanced mode with the reference', async () => {
    const error = await thrown(carrying.throwCircle());
    expect(error.message).toBe('round');
    expect(error['self'] === error).toBe(serialization === 'advanced');
    expect(error.cause === error).toBe(serialization === 'advanced');
  });

  test('no incomplete object arrives with an error', async () => {
    const error = await thrown(carrying.throwHalf());
    // With callbacks the function crosses, and the object is whole.
    expect(error).toMatchObject({ first: { a: 1, b: 2 }, second: { half: { a: 1, b: 2 } }, kept: [1] });
    expect(error['first']).toHaveProperty('f');
    expect((error['second'] as { half: object }).half).toHaveProperty('f');
  });

  test('a member that cannot cross does not affect the others', async () => {
    const given = new AggregateError([new TypeError('one'), Symbol('two'), 'three'], 'some');
    const arrived = (await loose()['echo']?.(given)) as AggregateError;
    expect(arrived.errors).toEqual([expect.any(TypeError), undefined, 'three']);
  });

  test('an event reaches a function that listens to an EventTarget, and its failure does not end a process', async () => {
    const received: unknown[] = [];
    const listener = (event: CustomEvent): void => {
      received.push(event.type, event.detail);
    };
    const pid = await loose()['dispatch']?.(listener, 'tick');
    await eventually(() => expect(received).toEqual(['tick', { n: 1 }]));
    const failing = vi.fn(() => {
      throw new Error('a listener that fails');
    });
    const warned = new Promise((resolve) => process.once('warning', resolve));
    await loose()['dispatch']?.(failing, 'tick');
    expect(String(await warned)).toMatch(/a listener that fails/);
    expect(await carrying.pid()).toBe(pid);
  });

  test('an object of which only internals would arrive is refused', async () => {
    const error = await thrown(loose()['emitter']?.() as Promise<unknown>);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error.message).toMatch(/result is an instance of EventEmitter, whose listeners stay here/);
  });

  test('if promises of a plain function are passed as values, the error names sync()', async () => {
    const error = await thrown(loose()['mapBy']?.((value: number) => value * 2) as Promise<unknown>);
    expect(error.message).toMatch(/result\[0\] is the promise that a function .* sync\(fn\)/s);
    expect(await loose()['mapBy']?.(sync((value: number) => value * 2))).toEqual([2, 4]);
  });

  test('a constructor never gets an instance without its methods', async () => {
    const start = procxy(Carrying, '../fixtures/carrying.js', options, { rates: new Rates() });
    const error = await thrown(start);
    expect(error).toMatchObject({ name: 'SerializationError', path: 'args[0].rates' });
    expect(error.message).toMatch(/constructor\(\): args\[0\]\.rates is an instance of Rates.* methods \(of\)/);
    const plain = await procxy(Carrying, '../fixtures/carrying.js', options, { base: 'EUR' }, new Date(0));
    await plain.$terminate();
    // A method still gets it as plain data.
    expect(await loose()['echo']?.(new Rates())).toEqual({ base: 'EUR' });
  });
});

test('no incomplete object arrives with an error if functions do not cross', async () => {
  for (const serialization of ['json', 'advanced'] as const) {
    await using carrying = await procxy(Carrying, '../fixtures/carrying.js', { serialization });
    const error = await thrown(carrying.throwHalf());
    expect(Object.entries(error)).toEqual([['kept', [1]]]);
  }
});

test('BigInt values cross in JSON mode once the program has given them a toJSON', async () => {
  const prototype = BigInt.prototype as { toJSON?: unknown };
  await using carrying = await procxy(Carrying, '../fixtures/carrying.js');
  prototype.toJSON = function toJSON(this: bigint): string {
    return `${this}`;
  };
  try {
    expect(await (carrying as unknown as Carrying).echo({ n: 5n })).toEqual({ n: '5' });
  } finally {
    delete prototype.toJSON;
  }
});

test('sanitizeV8 keeps what accessors give', async () => {
  const options = { serialization: 'advanced', sanitizeV8: true } as const;
  const given = {
    get size(): number {
      return 4;
    },
    f: () => 1,
  };
  await using carrying = await procxy(Carrying, '../fixtures/carrying.js', options, given, new Rates());
  expect(await carrying.pid()).not.toBe(process.pid);
});

describe('a child of a newer Node', () => {
  test('harms nobody with a class that this Node lacks', async () => {
    const execPath = await nodeBinary(24);
    await using carrying = await procxy(Carrying, '../fixtures/carrying.js', { serialization: 'advanced', execPath });
    if ('Float16Array' in globalThis) expect(await carrying.float16()).toHaveLength(2);
    else expect(await thrown(carrying.float16())).toMatchObject({ name: 'SerializationError' });
    expect(await carrying.pid()).not.toBe(process.pid);
  });
});
