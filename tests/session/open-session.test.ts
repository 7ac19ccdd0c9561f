import { once } from 'node:events';
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { memoryChannelPair } from '../../src/channel/memory.js';
import type { DataReceiver } from '../../src/channel/data-decoder.js';
import { TerminatedError, type ProtocolError } from '../../src/errors.js';
import { openSession, type Carried, type OpenSession } from '../../src/session/open-session.js';
import type { DataLane } from '../../src/session/streams/data-link.js';
import type { SerializationMode } from '../../src/types/serializable.js';

type Methods = Record<string, (...args: never[]) => unknown>;

interface Sides {
  parent: OpenSession;
  child: OpenSession;
  violations: ProtocolError[];
  busy: boolean[];
}

function open(mode: SerializationMode, methods: Methods): Sides {
  const [near, far] = memoryChannelPair(mode);
  const violations: ProtocolError[] = [];
  const busy: boolean[] = [];
  const common = { self: { current: undefined }, ownFile: undefined };
  const onViolation = (error: ProtocolError): void => void violations.push(error);
  const parent = openSession({ ...common, channel: near, isParent: true, onViolation, onBusy: (on) => busy.push(on) });
  const child = openSession({
    ...common,
    channel: far,
    isParent: false,
    onViolation,
    run: (_target, method, args) => methods[method]?.(...(args as never[])),
  });
  return { parent, child, violations, busy };
}

function carried(mode: SerializationMode, isParent: boolean): Carried {
  return { mode, handles: true, callbacks: { limit: 10, timeout: 5000, onUnhandled: () => isParent } };
}

const forever = { timeout: Infinity };

describe.each(['json', 'advanced'] as const)('openSession() in the mode %s', (mode) => {
  test('each side reads plain data before the sides agree on what else crosses', async () => {
    const { parent, child } = open(mode, {
      agree: () => {
        child.carry(carried(mode, false));
        return 'agreed';
      },
      call: (fn: (n: number) => Promise<number>) => fn(20),
    });
    parent.carry(carried(mode, true));
    expect(await parent.session.call('agent', 'agree', [], forever)).toBe('agreed');
    expect(await parent.session.call('instance', 'call', [(n: number) => n + 1], forever)).toBe(21);
  });

  test('functions, streams and signals cross', async () => {
    const { parent, child, violations, busy } = open(mode, {
      all: async (stream: AsyncIterable<unknown>, signal: AbortSignal, fn: (text: string) => void) => {
        const items: unknown[] = [];
        for await (const item of stream) items.push(item);
        const aborted = once(signal, 'abort');
        fn(items.join());
        await aborted;
        return signal.reason as unknown;
      },
    });
    child.carry(carried(mode, false));
    parent.carry(carried(mode, true));
    const controller = new AbortController();
    const fn = (text: string): void => controller.abort(text);
    expect(
      await parent.session.call('instance', 'all', [Readable.from(['a', 'b']), controller.signal, fn], forever),
    ).toBe('a,b');
    expect(violations).toEqual([]);
    expect(busy.filter((on) => on)).toHaveLength(busy.length / 2);
  });

  test('values that were not agreed on are refused by the sender', async () => {
    const { parent, child } = open(mode, { ignore: () => {} });
    for (const side of [parent, child]) side.carry({ mode, handles: false });
    const call = parent.session.call('instance', 'ignore', [() => {}], forever);
    await expect(call).rejects.toThrow(/enableCallbacks/);
  });

  test('closing one side rejects its open calls, and the counts return to zero', async () => {
    const { parent, child } = open(mode, { hang: () => new Promise(() => {}) });
    child.carry(carried(mode, false));
    parent.carry(carried(mode, true));
    const call = parent.session.call('instance', 'hang', [() => {}], forever);
    parent.session.close(() => new TerminatedError('over'));
    await expect(call).rejects.toThrow('over');
    expect(parent.session.stats()).toMatchObject({ pendingCalls: 0, exportedFunctions: 0, openStreams: 0 });
  });
});

test('the parent opens the lane for bytes immediately, the child when a stream needs it', async () => {
  const { parent, child } = open('json', {
    read: async (stream: Readable) => {
      const chunks: Buffer[] = [];
      for await (const chunk of stream) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    },
  });
  const receivers: Partial<Record<'parent' | 'child', DataReceiver>> = {};
  /** Two connected ends of a lane. Each receives what the other sends. */
  const lane = (own: 'parent' | 'child', other: 'parent' | 'child') => (receiver: DataReceiver) => {
    receivers[own] = receiver;
    const link: ReturnType<DataLane> = {
      sendBytes(streamId, chunks, written) {
        const bytes = Buffer.concat(chunks);
        setImmediate(() => receivers[other]?.onPiece({ streamId, bytes, isFirst: true, isLast: true }));
        written?.();
      },
      sendMessage(message) {
        setImmediate(() => receivers[other]?.onMessage(message));
      },
      isWritable: true,
      sendLarge(id, given) {
        const bytes = Buffer.from(given);
        setImmediate(() => receivers[other]?.large?.receive(id, bytes));
      },
      announced() {},
      stopWaiting() {},
    };
    return link;
  };
  parent.carry({ mode: 'json', handles: false, bytes: lane('parent', 'child') });
  child.carry({ mode: 'json', handles: false, bytes: lane('child', 'parent') });
  expect(Object.keys(receivers)).toEqual(['parent']);
  const stream = Readable.from([Buffer.from('by the '), Buffer.from('lane')], { objectMode: false });
  expect(await parent.session.call('instance', 'read', [stream], forever)).toBe('by the lane');
  expect(Object.keys(receivers)).toEqual(['parent', 'child']);
});
