import { beforeEach, describe, expect, test } from 'vitest';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';
import type { DataReceiver, LargeReceiver } from '../../src/channel/data-decoder.js';
import type { ProtocolError } from '../../src/errors.js';
import { HeldMessages } from '../../src/session/wire/held-messages.js';
import { openSession, type OpenSession } from '../../src/session/open-session.js';

const LARGE = 2 ** 20;
/** As long as two parts of a message may not both be. Memory of zeros takes no space until it is used. */
const half = new ArrayBuffer(2 ** 30);

describe('a side that takes large bytes from another that is not honest', () => {
  let far: MemoryChannel;
  let receiver: DataReceiver | undefined;
  let calls: unknown[][];
  let violations: ProtocolError[];
  let side: OpenSession;
  beforeEach(() => {
    const [near, other] = memoryChannelPair('advanced');
    far = other;
    calls = [];
    violations = [];
    side = openSession({
      channel: near,
      isParent: false,
      self: { current: undefined },
      ownFile: undefined,
      run: (_target, _method, args) => void calls.push(args),
      onViolation: (error) => violations.push(error),
    });
    side.carry({
      mode: 'advanced',
      handles: false,
      bytes: (given) => {
        receiver = given;
        return { sendBytes() {}, sendMessage() {}, sendLarge() {}, announced() {}, stopWaiting() {} };
      },
    });
  });

  const large = (): LargeReceiver => receiver?.large as LargeReceiver;

  /** Sends a call whose arguments are large bytes with these ids. */
  async function call(...ids: number[]): Promise<void> {
    const args = ids.map((id) => ({ __procxy_type: 'large-bytes', value: { id, kind: 'Buffer' } }));
    await send({ type: 'call-invoke', callId: 1, method: 'take', args, coded: ids.map((id) => `m${id}`) });
  }

  async function send(message: object): Promise<void> {
    far.send(message);
    await new Promise((resolve) => setImmediate(resolve));
  }

  function arrive(id: number, bytes = Buffer.alloc(LARGE)): void {
    expect(large().expects(id, bytes.byteLength)).toBe(true);
    large().receive(id, bytes);
  }

  test('handles a message when all of its bytes have arrived, in any order, and what waits behind it', async () => {
    await call(1, 2, 3);
    await send({ type: 'call-invoke', callId: 3, method: 'take', args: ['behind'] });
    for (const id of [2, 3]) arrive(id);
    expect(calls).toEqual([]);
    arrive(1);
    expect(calls.map((args) => args.length)).toEqual([3, 1]);
    expect(violations).toEqual([]);
  });

  test('refuses bytes of a message that are together larger than one message may be', async () => {
    await call(1, 2, 3);
    arrive(1, Buffer.from(half));
    expect(() => large().expects(2, 2 ** 30)).toThrow(/limit/);
    // As many as are left.
    expect(large().expects(2, 2 ** 30 - 1)).toBe(true);
  });

  test('counts the bytes of each message anew', async () => {
    for (const id of [1, 2, 3]) {
      await call(id);
      arrive(id, Buffer.from(half));
    }
    expect(calls).toHaveLength(3);
  });

  test('refuses bytes that are shorter than those that are sent beside a message', async () => {
    await call(1);
    for (const length of [1, LARGE - 1]) expect(() => large().expects(1, length)).toThrow(/least/);
  });

  test('takes a message with very many bytes in a time that grows with their number', async () => {
    const ids = Array.from({ length: 50_000 }, (_, index) => index + 1);
    await call(...ids);
    const bytes = Buffer.alloc(0);
    // Looking for all ids at each arrival would take billions of steps.
    for (const id of ids) large().receive(id, bytes);
    expect(calls.map((args) => args.length)).toEqual([ids.length]);
  });
});

describe('messages that wait', () => {
  const waiting = { message: {}, handle: undefined, arriving: undefined };

  test.each([
    ['bytes', { list: [new Map([['x', half]])] }],
    ['views', new Set([{ view: new Uint8Array(half) }])],
    ['an error', Object.assign(new Error('failed'), { half })],
  ])('may not take more memory than one may, such as those with %s', (_what, content) => {
    const held = new HeldMessages();
    held.add(waiting);
    held.add({ ...waiting, message: { content } });
    expect(() => held.add({ ...waiting, message: { content } })).toThrow(/while a message waited/);
    held.removeFirst();
    held.removeFirst();
    held.add({ ...waiting, message: { content } });
  });

  test.each([
    ['texts', 'x'.repeat(2 ** 28)],
    ['texts as keys', { ['x'.repeat(2 ** 28)]: 1 }],
    ['errors', new Error('x'.repeat(2 ** 28))],
    ['boxed texts', Object('x'.repeat(2 ** 28)) as object],
  ])('may not take more memory than one may, such as many with long %s', (_what, content) => {
    const held = new HeldMessages();
    const fill = (): void => {
      for (let count = 0; count <= 9; count++) held.add({ ...waiting, message: { content } });
    };
    expect(fill).toThrow(/while a message waited/);
  });

  test('leave in the order in which they came, many as they are', () => {
    const held = new HeldMessages();
    const messages = Array.from({ length: 2 ** 17 }, (_, n) => ({ n }));
    for (const message of messages) held.add({ ...waiting, message });
    expect(() => held.add(waiting)).toThrow(/while a message waited/);
    const isInOrder = messages.every((message) => {
      const { first } = held;
      held.removeFirst();
      return first?.message === message;
    });
    expect(isInOrder).toBe(true);
    expect([held.length, held.first]).toEqual([0, undefined]);
  });
});
