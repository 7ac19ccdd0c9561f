import { beforeEach, describe, expect, test } from 'vitest';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';
import { MuxChannel, type InstanceChannel } from '../../src/channel/mux-channel.js';
import { SharedLane } from '../../src/channel/shared-lane.js';
import { ProtocolError } from '../../src/errors.js';
import { severalTurns } from '../support/eventually.js';

let near: MemoryChannel;
let far: MemoryChannel;
let opener: MuxChannel;
let accepted: InstanceChannel[];
let log: unknown[];
beforeEach(() => {
  [near, far] = memoryChannelPair();
  // What is still in transit at the end of a test belongs to that test.
  const own: unknown[] = (log = []);
  const opened: InstanceChannel[] = (accepted = []);
  const opening = (opener = new MuxChannel(near));
  const acceptor = new MuxChannel(far, (channel) => {
    opened.push(channel);
    channel.onMessage((message) => own.push(['far', channel.instance, message]));
    channel.onClose(() => own.push(['far', channel.instance, 'closed']));
  });
  near.onMessage((message) => opening.receive(message));
  far.onMessage((message) => acceptor.receive(message));
});

const settled = severalTurns;
function open(): InstanceChannel {
  const channel = opener.open();
  channel.onMessage((message) => log.push(['near', channel.instance, message]));
  channel.onClose(() => log.push(['near', channel.instance, 'closed']));
  return channel;
}

describe('several channels over one', () => {
  test('each delivers its own messages, in order', async () => {
    const [first, second] = [open(), open()];
    second.send({ n: 1 });
    first.send({ n: 2 });
    second.send({ n: 3 });
    await settled();
    accepted[0]?.send({ n: 4 });
    await settled();
    expect(log).toEqual([
      ['far', 2, { n: 1 }],
      ['far', 1, { n: 2 }],
      ['far', 2, { n: 3 }],
      ['near', 1, { n: 4 }],
    ]);
  });

  test.each(['opener', 'acceptor'])('the %s closes one, and the others go on', async (who) => {
    const [first, second] = [open(), open()];
    await settled();
    const ending = who === 'opener' ? first : (accepted[0] as InstanceChannel);
    ending.close();
    ending.close();
    ending.send({ lost: true });
    (who === 'opener' ? (accepted[0] as InstanceChannel) : first).send({ late: true });
    await settled();
    second.send({ n: 1 });
    await settled();
    const other = who === 'opener' ? 'far' : 'near';
    expect(log).toContainEqual(['far', 1, 'closed']);
    expect(log).toContainEqual(['near', 1, 'closed']);
    expect(log.filter((each) => (each as unknown[])[2] === 'closed')).toHaveLength(2);
    expect(log.at(-1)).toEqual(['far', 2, { n: 1 }]);
    expect(log).not.toContainEqual([other, 1, { lost: true }]);
    expect(log).not.toContainEqual([other === 'far' ? 'near' : 'far', 1, { late: true }]);
    expect(open().instance).toBe(3);
  });

  test('a message that is not an envelope is ignored', () => {
    for (const message of [{ type: 'call-result' }, {}, { type: 'message' }]) opener.receive(message);
    expect(log).toEqual([]);
  });

  test.each([
    { type: 'instance-message', instance: 2, message: {} },
    { type: 'instance-message', instance: '1', message: {} },
    { type: 'instance-message', message: {} },
    { type: 'instance-message', instance: 1, message: null },
    { type: 'instance-message', instance: 1 },
    { type: 'instance-end', instance: 2 },
    { type: 'instance-end', instance: Number.NaN },
    { type: 'instance-open', instance: 2 },
  ])('a forged envelope is a violation: %j', (envelope) => {
    open();
    expect(() => opener.receive(envelope)).toThrow(ProtocolError);
  });

  test('nothing arrives for a channel that both sides have closed', async () => {
    open();
    await settled();
    accepted[0]?.close();
    await settled();
    expect(() => opener.receive({ type: 'instance-message', instance: 1, message: {} })).toThrow(ProtocolError);
    expect(() => opener.receive({ type: 'instance-end', instance: 1 })).toThrow(ProtocolError);
  });

  test.each([0, -1, 1.5, 1, Number.NaN, '9', undefined])(
    'the other side cannot announce the instance %s twice',
    (n) => {
      const acceptor = new MuxChannel(far, () => {});
      acceptor.receive({ type: 'instance-open', instance: 1 });
      expect(() => acceptor.receive({ type: 'instance-open', instance: n })).toThrow(ProtocolError);
    },
  );
});

describe('a shared lane', () => {
  test('delivers a frame to the instance that it names, and answers with its number', () => {
    const sent: unknown[] = [];
    const shared = new SharedLane({ send: (frame) => sent.push(frame) });
    const lane = shared.laneOf(7);
    lane.onMessage((message) => log.push(message));
    shared.receive({ instance: 7, message: { n: 1 } });
    lane.send({ n: 2 });
    expect(log).toEqual([{ n: 1 }]);
    expect(sent).toEqual([{ instance: 7, message: { n: 2 } }]);
    lane.close();
    expect(() => shared.receive({ instance: 7, message: {} })).toThrow(ProtocolError);
  });

  test.each([null, 5, {}, { instance: 1 }, { instance: 1, message: 'text' }, { instance: 2, message: {} }])(
    'a forged frame is a violation: %j',
    (frame) => {
      const shared = new SharedLane({ send: () => {} });
      shared.laneOf(1).onMessage(() => {});
      expect(() => shared.receive(frame)).toThrow(ProtocolError);
    },
  );
});
