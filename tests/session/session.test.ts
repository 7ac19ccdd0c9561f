import { describe, expect, test } from 'vitest';
import { memoryChannelPair } from '../../src/channel/memory.js';
import { createCodec } from '../../src/codec/create-codec.js';
import { ProtocolError, TerminatedError } from '../../src/errors.js';
import { Session, type SessionOptions } from '../../src/session/session.js';
import { severalTurns } from '../support/eventually.js';

type Methods = Record<string, (...args: unknown[]) => unknown>;

/** Two sessions in one process: both ends are of the same class, and either may serve. */
function pair(left: Methods, right: Methods) {
  const channels = memoryChannelPair();
  const violations: ProtocolError[] = [];
  const fatal: unknown[] = [];
  const busy: boolean[] = [];
  const make = (index: 0 | 1, methods: Methods): Session => {
    const options: SessionOptions = {
      channel: channels[index],
      codec: createCodec({ mode: 'json', self: { current: undefined } }),
      run: (_target, method, args) => methods[method]?.(...args),
      onViolation: (error) => violations.push(error),
      handlers: { 'child-fatal': ({ error }) => void fatal.push(error) },
      onBusy: (value) => busy.push(value),
    };
    return new Session(options);
  };
  return { left: make(0, left), right: make(1, right), channels, violations, fatal, busy };
}

const forever = { timeout: Infinity };

describe('Session', () => {
  test('either side calls the other', async () => {
    const { left, right } = pair(
      { hello: (name) => `left greets ${String(name)}` },
      { add: (a, b) => Number(a) + Number(b) },
    );
    expect(await left.call('instance', 'add', [1, 2], forever)).toBe(3);
    expect(await right.call('instance', 'hello', ['right'], forever)).toBe('left greets right');
  });

  test('a call may lead to a call back before it is answered', async () => {
    const { left, right } = pair(
      { double: (n) => 2 * Number(n) },
      { viaLeft: (n) => right.call('instance', 'double', [n], forever) },
    );
    expect(await left.call('instance', 'viaLeft', [21], forever)).toBe(42);
    expect(left.stats()).toMatchObject({ pendingCalls: 0, servedCalls: 0 });
  });

  test('reports when it has open calls, and when it has none', async () => {
    const { left, busy } = pair({}, { ping: () => 'pong' });
    await Promise.all([left.call('instance', 'ping', [], forever), left.call('instance', 'ping', [], forever)]);
    expect(busy).toEqual([true, false]);
  });

  test('rejectAll rejects every call with its own error', async () => {
    const { left } = pair({}, { hang: () => new Promise(() => {}) });
    const calls = [1, 2].map(() => left.call('instance', 'hang', [], forever).catch((error: unknown) => error));
    left.rejectAll(() => new TerminatedError('over'));
    const [first, second] = await Promise.all(calls);
    expect(first).toBeInstanceOf(TerminatedError);
    expect(second).toBeInstanceOf(TerminatedError);
    expect(first).not.toBe(second);
  });

  test('a call after the close rejects immediately', async () => {
    const { left } = pair({}, { ping: () => 'pong' });
    left.close(() => new TerminatedError('over'));
    await expect(left.call('instance', 'ping', [], forever)).rejects.toThrow('over');
  });

  test('the answer to an abandoned call is dropped, and a second answer is a violation', async () => {
    let answer!: (text: string) => void;
    const { left, right, channels, violations } = pair({}, { slow: () => new Promise((r) => (answer = r)) });
    await expect(left.call('instance', 'slow', [], { timeout: 5 })).rejects.toMatchObject({ name: 'TimeoutError' });
    answer('late');
    await expect.poll(() => right.stats().servedCalls).toBe(0);
    await severalTurns();
    expect(violations).toEqual([]);
    channels[1].send({ type: 'call-result', callId: 1, result: 'success' });
    await expect.poll(() => violations).toHaveLength(1);
  });

  test('messages that are not ours are ignored', async () => {
    const { left, channels, violations } = pair({}, { ping: () => 'pong' });
    for (const foreign of [{ type: 'watch:import' }, { type: 7 }, {}, [], { cmd: 'x' }, { type: 'toString' }]) {
      channels[1].send(foreign);
    }
    expect(await left.call('instance', 'ping', [], forever)).toBe('pong');
    expect(violations).toEqual([]);
  });

  const malformed: object[] = [
    { type: 'call-result', callId: 99, result: 'success' },
    { type: 'call-result', callId: '1', result: 'success' },
    { type: 'call-result', callId: 1, result: 'maybe' },
    { type: 'call-result', result: 'success' },
    { type: 'call-invoke', callId: 1, method: 5, args: [] },
    { type: 'call-invoke', callId: 1, method: 'x', args: 'none' },
    { type: 'call-invoke', callId: -1, method: 'x', args: [] },
    { type: 'call-invoke', callId: 1, target: '__proto__', method: 'x', args: [] },
    { type: 'call-invoke', callId: 1.5, method: 'x', args: [] },
    { type: 'child-fatal', coded: 'yes' },
    {
      type: 'call-result',
      callId: 1,
      result: 'error',
      coded: true,
      error: { __procxy_type: 'error', value: { class: 5 } },
    },
    { type: 'call-result', callId: 1, result: 'success', coded: true, value: { __procxy_type: 'escaped' } },
    { type: 'property-update', set: [['x']], removed: [5] },
    { type: 'property-update', set: { x: 1 } },
    { type: 'property-update', set: [] },
    { type: 'event-emit', event: 'x', args: {} },
    { type: 'event-emit', event: { nothing: 1 }, args: [] },
    { type: 'event-emit', event: 'nobody-listens', args: [] },
  ];
  for (const message of malformed) {
    test(`${JSON.stringify(message)} is a violation, and nothing is read after it`, async () => {
      const { left, channels, violations } = pair({}, { ping: () => 'pong' });
      const call = left.call('instance', 'ping', [], forever).catch((error: unknown) => error);
      channels[1].send(message);
      channels[1].send(message);
      await expect.poll(() => violations).toHaveLength(1);
      await severalTurns();
      expect(violations).toHaveLength(1);
      expect(violations[0]).toBeInstanceOf(ProtocolError);
      left.rejectAll(() => new TerminatedError('over'));
      await call;
    });
  }

  test('an answer that cannot be decoded rejects its call', async () => {
    const { left, channels, violations } = pair({}, { hang: () => new Promise(() => {}) });
    const call = left.call('instance', 'hang', [], forever);
    channels[1].send({
      type: 'call-result',
      callId: 1,
      result: 'success',
      value: { __procxy_type: 'nonsense' },
      coded: true,
    });
    await expect(call).rejects.toThrow(/the transfer handler 'nonsense' wrote.*Import the module/);
    expect(violations).toEqual([]);
  });

  test('what is neither a call nor a result goes to its handler', async () => {
    const { right, fatal } = pair({}, {});
    right.sendControl({ type: 'child-fatal', error: 'the end' });
    await expect.poll(() => fatal).toEqual(['the end']);
  });

  test('the order of calls and answers is kept', async () => {
    const served: unknown[] = [];
    const { left } = pair({}, { take: (n) => void served.push(n) });
    const arrived: number[] = [];
    const numbers = Array.from({ length: 500 }, (_, i) => i);
    await Promise.all(numbers.map((n) => left.call('instance', 'take', [n], forever).then(() => arrived.push(n))));
    expect(served).toEqual(numbers);
    expect(arrived).toEqual(numbers);
  });
});
