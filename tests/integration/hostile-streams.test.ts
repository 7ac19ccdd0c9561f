import { Writable, type Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { procxy, ProtocolError, type ProcxyControls } from 'procxy';
import { HostileStreams } from '../fixtures/hostile-streams.js';
import { failure, modes, within } from '../support/streams.js';

const module = '../fixtures/hostile-streams.js';

interface Frame {
  id: number;
  length?: number;
  text?: string;
  message?: object;
  fill?: number;
}

interface RemoteHostile extends ProcxyControls<HostileStreams> {
  ping(): Promise<string>;
  items(): Promise<AsyncGenerator<unknown>>;
  bytes(): Promise<Readable>;
  writable(): Promise<Writable>;
  web(): Promise<ReadableStream>;
  keep(items: AsyncIterable<unknown> | Writable): Promise<void>;
  forge(messages: object[]): Promise<never>;
  frames(frames: Frame[], mode: string): Promise<never>;
}

const success = { result: 'success' } as const;
const many = (count: number, frame: Frame): Frame[] => Array.from({ length: count }, () => frame);
/** The answer to the second call on the instance, which is the fourth of all, and exports these. */
const result = (ids: number[], value: unknown): object => ({
  type: 'call-result',
  callId: 4,
  ...success,
  coded: ids,
  value: { __procxy_type: 'stream', value },
});

// Each says so after the child has returned one stream, whose id is 2.
const messages: Record<string, object[]> = {
  'a pull of what is not there': [{ type: 'stream-pull', streamId: 99, credit: 1 }],
  'items of what is not there': [{ type: 'stream-data', streamId: 99, items: [1] }],
  'an end of what is not there': [{ type: 'stream-end', streamId: 99, ...success }],
  'a close of what is not there': [{ type: 'stream-close', streamId: 99, ...success }],
  'a drop of what is not there': [{ type: 'stream-drop', streamId: 99 }],
  'a pull in the wrong role': [{ type: 'stream-pull', streamId: 2, credit: 1 }],
  'a step in the wrong role': [{ type: 'stream-step', streamId: 2, method: 'next' }],
  'a close in the wrong role': [{ type: 'stream-close', streamId: 2, ...success }],
  'items without credit': [{ type: 'stream-data', streamId: 2, items: Array.from({ length: 1000 }, () => 1) }],
  'an answer to nothing': [{ type: 'stream-data', streamId: 2, items: [1], answer: true }],
  'an end, twice': [
    { type: 'stream-end', streamId: 2, ...success },
    { type: 'stream-end', streamId: 2, ...success },
  ],
  'items after the end': [
    { type: 'stream-end', streamId: 2, ...success },
    { type: 'stream-data', streamId: 2, items: [1] },
  ],
  'a negative credit': [{ type: 'stream-pull', streamId: 2, credit: -1 }],
  'a broken credit': [{ type: 'stream-pull', streamId: 2, credit: 0.5 }],
  'a step of another method': [{ type: 'stream-step', streamId: 2, method: 'constructor' }],
  'items that are none': [{ type: 'stream-data', streamId: 2, items: { length: 1 } }],
  'an end that is neither': [{ type: 'stream-end', streamId: 2, result: 'maybe' }],
  'an id that is none': [{ type: 'stream-data', streamId: '2', items: [] }],
  'a signal whose id is none': [{ type: 'signal-abort', signalId: {} }],
  'a stream of no kind': [result([4], { kind: 'nonsense', id: 4 })],
  'a stream without an id': [result([4], { kind: 'iterator' })],
  'a stream that the message does not name': [result([4], { kind: 'iterator', id: 6 })],
  'a readable that does not tell its mode': [result([4], { kind: 'readable', id: 4 })],
  'a readable with an encoding that is none': [
    result([4], { kind: 'readable', id: 4, objectMode: false, encoding: 'constructor' }),
  ],
  'half a duplex': [result([4], { kind: 'duplex', readable: { id: 4, objectMode: false } })],
  'a stream whose id is in use': [result([2], { kind: 'iterator', id: 2 })],
  'a stream whose id is the parent’s to give': [result([1], { kind: 'iterator', id: 1 })],
  'a signal that is none': [
    { type: 'call-result', callId: 4, ...success, coded: true, value: { __procxy_type: 'abort-signal', value: {} } },
  ],
};

const frames: Record<string, Frame[]> = {
  'bytes of what is not there': [{ id: 99, text: 'x' }],
  'bytes of an iterator': [{ id: 2, text: 'x' }],
  'a frame that is too long': [{ id: 2, length: 0xffffffff }],
  'a message that is none': [{ id: 0, text: 'garbage that is no message' }],
  'an empty message': [{ id: 0 }],
  'a message that belongs to the channel': [
    { id: 0, message: { type: 'call-result', callId: 4, ...success, value: 'forged' } },
  ],
  'a message that is not ours': [{ id: 0, message: { type: 'nonsense' } }],
  garbage: [{ id: 0x41414141, length: 0x41414141, text: 'AAAA'.repeat(1000) }],
};

describe.each(modes)(
  'a child that breaks the rules of streams is ended, and affects nothing else, in %s mode',
  (serialization) => {
    const start = async (): Promise<RemoteHostile> =>
      (await procxy(HostileStreams, module, { serialization, stdio: 'ignore' })) as unknown as RemoteHostile;

    async function expectEnd(hostile: RemoteHostile, calls: Promise<unknown>[]): Promise<void> {
      for (const call of calls) expect(await within(failure(call), 'a call')).toBeInstanceOf(ProtocolError);
      const end = await within(hostile.$exited, 'its end');
      // What it is told of a stream that it has never made may end it before the signal does.
      expect([
        { code: null, signal: 'SIGKILL' },
        { code: 1, signal: null },
      ]).toContainEqual(end);
    }

    const cases: [string, (hostile: RemoteHostile) => Promise<never>][] = [
      // What has nothing to do with the mode is tried in one.
      ...Object.entries(messages)
        .filter(([, [message]]) => serialization === 'json' || 'coded' in (message ?? {}))
        .map(([name, forged]) => [name, (hostile: RemoteHostile) => hostile.forge(forged)] as [string, never]),
      ...Object.entries(frames).map(
        ([name, forged]) =>
          [`${name}, on the data socket`, (hostile: RemoteHostile) => hostile.frames(forged, serialization)] as [
            string,
            never,
          ],
      ),
    ];
    test.each(cases)('%s', async (_name, attack) => {
      const hostile = await start();
      const iterator = await hostile.items();
      const loop = iterator.next().then(() => iterator.next());
      // Some of what it says may have been an honest item or end, before it went too far.
      const settled = Promise.allSettled([loop]);
      await expectEnd(hostile, [attack(hostile)]);
      await within(settled, 'the loop');
    });

    test('bytes far beyond the window, of streams of both kinds', async () => {
      for (const make of ['bytes', 'web'] as const) {
        const hostile = await start();
        await hostile[make]();
        await expectEnd(hostile, [hostile.frames(many(100, { id: 2, fill: 65_536 }), serialization)]);
      }
    });

    test('one frame that never ends, for a stream of bytes that is not read', async () => {
      const hostile = await start();
      await hostile.bytes();
      await expectEnd(hostile, [
        hostile.frames([{ id: 2, length: 2 ** 31 - 1, fill: 4 * 1024 * 1024 }], serialization),
      ]);
    });

    test('chunks by the channel, and their marks on the data socket, without the other half', async () => {
      const mark = { type: 'stream-data', streamId: 2, items: [] };
      const chunk = { ...mark, items: [{}] };
      const attacks = [
        (hostile: RemoteHostile) => hostile.forge(Array.from({ length: 200 }, () => chunk)),
        (hostile: RemoteHostile) => hostile.frames(many(10_000, { id: 0, message: mark }), serialization),
      ];
      for (const attack of attacks) {
        const hostile = await start();
        await hostile.web();
        await expectEnd(hostile, [attack(hostile)]);
      }
    });

    test('bytes and items to a stream that is written to', async () => {
      const hostile = await start();
      const writable = await hostile.writable();
      const error = new Promise((resolve) => writable.on('error', resolve));
      await expectEnd(hostile, [hostile.frames([{ id: 2, text: 'x' }], serialization)]);
      expect(await within(error, 'the writable')).toBeInstanceOf(ProtocolError);
    });

    test('a stream of the parent that is closed with a value that cannot be converted to a string', async () => {
      await using hostile = await start();
      const writable = new Writable({ write: (_chunk, _encoding, done) => done() });
      const error = new Promise((resolve) => writable.on('error', resolve));
      await hostile.keep(writable);
      const message = { type: 'stream-end', streamId: 1, result: 'error', value: { toString: null } };
      hostile.frames([{ id: 0, message }], serialization).catch(() => {});
      expect(await within(error, 'the writable')).toMatchObject({ cause: { toString: null } });
    });

    test('a source of the parent is cleaned up', async () => {
      const hostile = await start();
      let cleaned = false;
      async function* items(): AsyncGenerator<number> {
        try {
          for (let i = 0; ; i++) yield i;
        } finally {
          cleaned = true;
        }
      }
      await hostile.keep(items());
      const attack = failure(
        hostile.forge([
          { type: 'stream-pull', streamId: 1, credit: 50_000 },
          { type: 'stream-data', streamId: 1, items: [] },
        ]),
      );
      expect(await within(attack, 'the attack')).toBeInstanceOf(ProtocolError);
      await hostile.$exited;
      expect(cleaned).toBe(true);
    });

    test('another child is not affected', async () => {
      const [hostile, honest] = await Promise.all([start(), start()]);
      const bystander = await honest.items();
      expect(await bystander.next()).toEqual({ done: false, value: 1 });
      await hostile.items();
      await expectEnd(hostile, [hostile.forge([{ type: 'stream-drop', streamId: 77 }])]);
      expect(await honest.ping()).toBe('pong');
      await bystander.return(undefined);
      await honest.$terminate();
    });
  },
);
