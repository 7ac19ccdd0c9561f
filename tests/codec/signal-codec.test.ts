import { describe, expect, test } from 'vitest';
import { signalHandler, type SignalExchange } from '../../src/codec/signal-codec.js';
import { ProtocolError } from '../../src/errors.js';
import { codecOf, cross, refusalOf } from '../support/crossing.js';

/** Knows signals by number. */
class Ledger implements SignalExchange {
  readonly #signals: AbortSignal[] = [];

  export(signal: AbortSignal): number {
    return this.#signals.push(signal);
  }

  import(id: number): AbortSignal {
    const signal = this.#signals[id - 1];
    if (!signal) throw new ProtocolError(`There is no ${id}.`);
    return signal;
  }
}

describe.each(['json', 'advanced'] as const)('a signal, in %s mode', (mode) => {
  const arrive = (value: unknown): unknown => cross(mode, value, codecOf(mode, { signals: new Ledger() }));

  test('that has not fired crosses as its exchange writes it', () => {
    const { signal } = new AbortController();
    expect((arrive({ options: { signal } }) as { options: { signal: unknown } }).options.signal).toBe(signal);
  });

  test('that has fired arrives fired, with its reason', () => {
    const arrived = arrive(AbortSignal.abort(new RangeError('enough'))) as AbortSignal;
    expect(arrived.aborted).toBe(true);
    expect(arrived.reason).toBeInstanceOf(RangeError);
    expect((arrive(AbortSignal.abort('text')) as AbortSignal).reason).toBe('text');
    expect((arrive(AbortSignal.abort()) as AbortSignal).reason).toMatchObject({ name: 'AbortError' });
  });

  test('whose reason cannot cross arrives fired, with the refusal as its reason', () => {
    const arrived = arrive(AbortSignal.abort(Symbol('s'))) as AbortSignal;
    expect(arrived.aborted).toBe(true);
    expect(arrived.reason).toMatchObject({ name: 'SerializationError', path: 'value.reason' });
  });

  test('without an exchange is refused', () => {
    expect(refusalOf(codecOf(mode), { signal: AbortSignal.abort() })).toMatchObject({
      name: 'SerializationError',
      path: 'value.signal',
    });
  });
});

describe('a malformed signal is refused', () => {
  const context = { decode: (wire: unknown) => wire, announce: () => {} };

  test.each([
    undefined,
    null,
    'text',
    {},
    { id: 0 },
    { id: -1 },
    { id: 1.5 },
    { id: '1' },
    { aborted: null },
    { aborted: 1 },
  ])('%j', (wire) => {
    expect(() => signalHandler(new Ledger()).decode(wire as never, context)).toThrow(ProtocolError);
  });

  test('every signal, if signals are not accepted', () => {
    expect(() => signalHandler(undefined).decode({ id: 1 }, context)).toThrow(ProtocolError);
  });
});
