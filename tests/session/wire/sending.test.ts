import { describe, expect, test, vi } from 'vitest';
import type { Channel } from '../../../src/channel/channel.js';
import { CallbackLimitError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { annotate } from '../../../src/session/wire/parcel.js';
import { Sending } from '../../../src/session/wire/sending.js';
import { codecOf } from '../../support/crossing.js';

// Held messages are written when the last write is old. Here no time passes.
vi.mock('../../../src/clock.js', async (original) => ({ ...(await original<object>()), now: () => 0 }));

const release = (callbackId: string): Message => ({ type: 'callback-release', callbackId });

function open() {
  const written: unknown[] = [];
  const collections: (() => void)[] = [];
  const takenBack: unknown[] = [];
  const ahead: string[] = [];
  const channel: Pick<Channel, 'send'> = {
    send(message) {
      if (JSON.stringify(message).includes('unwritable')) throw new RangeError('too large');
      written.push(message);
    },
  };
  const sending: Sending = new Sending({
    channel: channel as Channel,
    codec: codecOf('json'),
    beforeWrite() {
      for (const name of ahead.splice(0)) written.push(name);
      return false;
    },
    afterWrite: () => {},
    takeBack: (coded) => takenBack.push(coded),
    makeRoom: (done) => collections.push(done),
  });
  return { sending, written, collections, takenBack, ahead };
}

const full = (): never => {
  throw new CallbackLimitError('full');
};
const ignore = (): void => {};

describe('Sending', () => {
  test('control messages and immediate ones overtake parcels that wait for room', () => {
    const { sending, written, collections } = open();
    sending.sendValue({ build: full, failed: ignore });
    sending.sendValue({ build: () => release('waits'), failed: ignore });
    sending.sendControl(release('control'));
    sending.sendAtOnce({ build: () => release('at once'), failed: ignore });
    expect(written).toEqual([release('control'), release('at once')]);
    collections[0]?.();
    expect(written.at(-1)).toEqual(release('waits'));
  });

  test('the exports of a message that cannot be written are taken back', () => {
    const { sending, takenBack } = open();
    const failures: unknown[] = [];
    const message: Message = { type: 'call-invoke', callId: 1, method: 'work', args: ['unwritable'], coded: ['id'] };
    sending.sendValue({ method: 'work', build: () => message, failed: (error) => failures.push(error) });
    expect(failures).toMatchObject([{ name: 'SerializationError', path: 'args[0]' }]);
    expect(takenBack).toEqual([['id']]);
  });

  test('write errors outside the channel are handled in the same way', () => {
    const { sending, written } = open();
    const failures: unknown[] = [];
    const message: Message = { type: 'callback-invoke', callbackId: 'id', invokeId: 1, args: [1] };
    const write = (): never => {
      throw new Error('broken');
    };
    sending.sendAtOnce({ build: () => message, failed: (error) => failures.push(error) }, write);
    expect(failures).toMatchObject([{ name: 'SerializationError' }]);
    expect(written).toEqual([]);
  });

  test('messages that must come first are sent when a message is encoded', () => {
    const { sending, written, ahead } = open();
    const build = (): Message => {
      ahead.push('handle');
      return release('message');
    };
    sending.sendValue({ build, failed: ignore });
    expect(written).toEqual(['handle', release('message')]);
  });

  test('messages with user objects are written immediately, after held ones', () => {
    const { sending, written } = open();
    sending.enableBatches();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) sending.sendControl(release(name));
    const live = annotate({ ...release('live') }, { wire: {}, coded: undefined, isLive: true });
    sending.sendValue({ build: () => live, failed: ignore });
    expect(written.slice(-2)).toMatchObject([{ type: 'batch' }, release('live')]);
    expect(sending.sent).toBe(7);
  });

  test('after the close, waiting and held messages are not sent', () => {
    const { sending, written, collections } = open();
    sending.enableBatches();
    for (const name of ['a', 'b', 'c', 'd', 'e']) sending.sendControl(release(name));
    sending.sendValue({ build: full, failed: ignore });
    sending.sendValue({ build: () => release('waits'), failed: ignore });
    sending.close();
    collections[0]?.();
    sending.flush();
    expect(written).toHaveLength(4);
  });
});
