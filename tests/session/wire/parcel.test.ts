import { describe, expect, test } from 'vitest';
import { CallbackLimitError, SerializationError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { annotate, isLive, refuse, sendAtOnce, withoutValue, type Recovery } from '../../../src/session/wire/parcel.js';
import { codecOf } from '../../support/crossing.js';

const codec = codecOf('json');

function recovery(): Recovery & { readonly takenBack: unknown[]; readonly rooms: unknown[] } {
  const [takenBack, rooms]: [unknown[], unknown[]] = [[], []];
  return { codec, takenBack, rooms, takeBack: (coded) => takenBack.push(coded), makeRoom: () => rooms.push(1) };
}

const message: Message = { type: 'call-invoke', callId: 1, method: 'work', args: ['x'] };

describe('annotate()', () => {
  test('adds what the values of a message contain', () => {
    expect(annotate({ ...message }, { wire: 1, coded: ['id'] })).toEqual({ ...message, coded: ['id'] });
    expect(annotate({ ...message }, { wire: 1, coded: undefined })).not.toHaveProperty('coded');
  });

  test('marks a message that contains user objects', () => {
    expect(isLive(annotate({ ...message }, { wire: 1, coded: undefined, isLive: true }))).toBe(true);
    expect(isLive(annotate({ ...message }, { wire: 1, coded: undefined }))).toBe(false);
  });
});

describe('sendAtOnce()', () => {
  test('writes the built message, or nothing if none was built', () => {
    const written: Message[] = [];
    sendAtOnce(withoutValue(message), (each) => written.push(each), recovery());
    sendAtOnce(
      { build: () => undefined, failed: () => expect.unreachable() },
      (each) => written.push(each),
      recovery(),
    );
    expect(written).toEqual([message]);
  });

  test('passes an error of build() to the parcel', () => {
    const failures: unknown[] = [];
    const build = (): never => {
      throw new TypeError('no');
    };
    const room = recovery();
    sendAtOnce({ build, failed: (error) => failures.push(error) }, () => expect.unreachable(), room);
    expect(failures).toEqual([new TypeError('no')]);
    expect(room.rooms).toHaveLength(0);
  });

  test('asks for room for the next parcel if too many functions would cross, since it cannot wait', () => {
    const failures: unknown[] = [];
    const build = (): never => {
      throw new CallbackLimitError('full');
    };
    const room = recovery();
    sendAtOnce({ build, failed: (error) => failures.push(error) }, () => expect.unreachable(), room);
    expect(failures).toMatchObject([{ name: 'CallbackLimitError' }]);
    expect(room.rooms).toHaveLength(1);
  });

  test('passes a write error to the parcel, and takes back its exports', () => {
    const failures: unknown[] = [];
    const room = recovery();
    const cause = new RangeError('too large');
    const parcel = {
      method: 'work',
      build: () => ({ ...message, coded: ['id'] }),
      failed: (e: unknown) => failures.push(e),
    };
    const write = (): never => {
      throw cause;
    };
    sendAtOnce(parcel, write, room);
    expect(failures).toMatchObject([{ name: 'SerializationError', path: 'args[0]', cause }]);
    expect((failures[0] as Error).message).toMatch(/^work\(\): args\[0\] could not be written/);
    expect(room.takenBack).toEqual([['id']]);
  });
});

describe('refuse()', () => {
  const large = 'xxx';
  test.each<[string, Message]>([
    ['args[0]', { type: 'callback-invoke', callbackId: 'id', invokeId: 1, args: [large] }],
    ['args[0]', { type: 'event-emit', event: 'e', args: [large] }],
    ['result.x', { type: 'call-result', callId: 1, result: 'success', value: { x: large } }],
    ['error.x', { type: 'call-result', callId: 1, result: 'error', error: { x: large } }],
    ['result.x', { type: 'callback-result', invokeId: 1, result: 'success', value: { x: large } }],
    ['item.x', { type: 'stream-data', streamId: 1, items: [{ x: large }] }],
    ['items[1].x', { type: 'stream-data', streamId: 1, items: [1, { x: large }] }],
    ['value.x', { type: 'stream-step', streamId: 1, method: 'next', value: { x: large } }],
    ['value.x', { type: 'stream-end', streamId: 1, result: 'success', value: { x: large } }],
    ['error.x', { type: 'stream-close', streamId: 1, result: 'error', value: { x: large } }],
    ['reason.x', { type: 'signal-abort', signalId: 1, reason: { x: large } }],
    ['error.x', { type: 'event-failed', event: 'e', error: { x: large } }],
    ['error.x', { type: 'child-fatal', error: { x: large } }],
    ['message', { type: 'stream-pull', streamId: 1, credit: 1 }],
  ])('names %s', (path, refused) => {
    const failures: unknown[] = [];
    const parcel = { event: "'e'", build: () => undefined, failed: (error: unknown) => failures.push(error) };
    refuse(refused, parcel, new Error('why'), recovery());
    expect(failures).toEqual([expect.any(SerializationError)]);
    expect(failures).toMatchObject([{ path, message: expect.stringContaining(`event 'e': ${path}`) as unknown }]);
  });
});
