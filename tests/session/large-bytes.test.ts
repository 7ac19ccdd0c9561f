import { beforeEach, describe, expect, test } from 'vitest';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';
import type { DataReceiver, LargeReceiver } from '../../src/channel/data-decoder.js';
import { ChannelError, type ProtocolError } from '../../src/errors.js';
import { until } from '../support/processes.js';
import { HeldMessages } from '../../src/session/wire/held-messages.js';
import { openSession, type OpenSession } from '../../src/session/open-session.js';

const LARGE = 2 ** 20;
/** As long as two parts of a message may not both be. Memory of zeros takes no space until it is used. */
const half = new ArrayBuffer(2 ** 30);

describe('a side that accepts large bytes from a hostile one', () => {
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
        return { isWritable: true, sendBytes() {}, sendMessage() {}, sendLarge() {}, announced() {}, stopWaiting() {} };
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

  test('handles a message when all of its bytes have arrived in any order, and then later messages', async () => {
    await call(1, 2, 3);
    await send({ type: 'call-invoke', callId: 3, method: 'take', args: ['behind'] });
    for (const id of [2, 3]) arrive(id);
    expect(calls).toEqual([]);
    arrive(1);
    expect(calls.map((args) => args.length)).toEqual([3, 1]);
    expect(violations).toEqual([]);
  });

  test('does not wait for bytes that are announced when their socket is closed', async () => {
    await call(1);
    arrive(1);
    large().end();
    await call(2);
    await send({ type: 'call-invoke', callId: 3, method: 'take', args: ['behind'] });
    expect(calls.map((args) => args.length)).toEqual([1, 1]);
    await until(() => violations.length > 0, 'the violation');
    expect(violations[0]?.message).toContain('socket for bytes was closed');
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

  test('leave in the order in which they came, even if they are many', () => {
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

describe('a side that sends large bytes', () => {
  let sent: [id: number, length: number][];
  let messages: { coded?: unknown; args?: unknown[] }[];
  let isWritable: boolean;
  let failure: Error | undefined;
  let receiver: DataReceiver | undefined;
  let side: OpenSession;
  beforeEach(() => {
    const [near, far] = memoryChannelPair('advanced');
    sent = [];
    // What is still on its way when a test ends stays with that test.
    const own: typeof messages = [];
    messages = own;
    isWritable = true;
    failure = undefined;
    far.onMessage((message) => own.push(message as object));
    side = openSession({
      channel: near,
      isParent: false,
      self: { current: undefined },
      ownFile: undefined,
      onViolation: () => {},
    });
    side.carry({
      mode: 'advanced',
      handles: false,
      bytes: (given) => {
        if (failure) throw failure;
        receiver = given;
        return {
          get isWritable() {
            return isWritable;
          },
          sendBytes() {},
          sendMessage() {},
          sendLarge: (id, bytes) => sent.push([id, bytes.byteLength]),
          announced() {},
          stopWaiting() {},
        };
      },
    });
  });

  const bytes = Buffer.alloc(LARGE);

  /** Calls the other side, and returns the message when it has arrived. */
  async function call(...args: unknown[]): Promise<(typeof messages)[number] | undefined> {
    void side.session.call('instance', 'take', args, { timeout: Infinity }).then(undefined, () => {});
    await new Promise((resolve) => setImmediate(resolve));
    return messages.at(-1);
  }

  /** A value that does something when it is encoded. */
  const doing = (action: () => void): object => ({
    get value() {
      action();
      return 1;
    },
  });

  test('sends those of a message although another, which was encoded at the same time, is refused', async () => {
    const { codec } = side;
    const { coded } = codec.encode([bytes], { root: 'args', method: 'take' });
    expect(() => codec.encode([bytes, Symbol('refused')], { root: 'args', method: 'take' })).toThrow('symbol');
    side.session.sendControl({ type: 'call-invoke', callId: 1, method: 'take', args: [], coded: coded ?? true });
    expect(sent).toEqual([[1, LARGE]]);
  });

  test('sends none before their message, nor those of one that is refused', async () => {
    const before: number[] = [];
    const control = doing(() => {
      side.session.sendControl({ type: 'call-invoke', callId: 99, method: 'control', args: [] });
      before.push(sent.length);
    });
    await call(bytes, control);
    expect([new Set(before), sent.length]).toEqual([new Set([0]), 1]);
    await call(bytes, control, Symbol('refused'));
    await call(bytes);
    expect(sent.map(([id]) => `m${id}`)).toEqual(messages.flatMap(({ coded }) => coded ?? []));
    expect(sent).toHaveLength(2);
  });

  test('opens its socket before it sends the message, which is refused if that fails', async () => {
    failure = new ChannelError('cannot be opened');
    const refused = side.session.call('instance', 'take', [bytes], { timeout: Infinity });
    await expect(refused).rejects.toThrow('cannot be opened');
    expect(await call('small')).toMatchObject({ args: ['small'] });
    expect(messages).toHaveLength(1);
  });

  test.each([
    ['is not writable', () => (isWritable = false)],
    ['was closed by the other side', () => receiver?.large?.end()],
  ])('sends them as part of their message when the socket %s', async (_what, close) => {
    expect(await call(bytes)).toMatchObject({ coded: ['m1'] });
    close();
    const message = await call(bytes);
    expect(Buffer.compare(message?.args?.[0] as Buffer, bytes)).toBe(0);
    expect(sent).toEqual([[1, LARGE]]);
  });
});
