import type { DataReceiver } from '../../src/channel/data-decoder.js';
import { copierOf, memoryChannelPair } from '../../src/channel/memory.js';
import type { ProtocolError } from '../../src/errors.js';
import type { Message } from '../../src/protocol.js';
import { openSession } from '../../src/session/open-session.js';
import type { DataLane } from '../../src/session/streams/data-link.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { setTimeout as sleep } from 'node:timers/promises';

type Methods = Record<string, (...args: never[]) => unknown>;

/** Both sides of a session in this process, with a record of what crosses. */
export interface StreamPair {
  call(method: string, ...args: unknown[]): Promise<unknown>;
  /** Messages of streams that the channel has carried, from either side. */
  readonly sent: Message[];
  /** What the data lane has carried: bytes as text, and messages. */
  readonly aside: unknown[];
  readonly violations: ProtocolError[];
  readonly busy: boolean[];
  /** How many streams are open on the two sides. */
  open(): [near: number, far: number];
  untilNoneOpen(): Promise<void>;
  /** Delivers a message to the near side as if the far side had sent it. */
  forge(message: object): void;
  end(reason: Error): void;
}

/**
 * @param lane whether bytes have their own lane. It delivers immediately, ahead of the channel, which takes a turn of the
 * event loop
 */
export function streamPair(methods: Methods, lane: boolean, mode: SerializationMode = 'json'): StreamPair {
  const channels = memoryChannelPair(mode);
  const sent: Message[] = [];
  const aside: unknown[] = [];
  const violations: ProtocolError[] = [];
  const busy: boolean[] = [];
  for (const channel of channels) {
    const send = channel.send.bind(channel);
    channel.send = (message, ...rest) => {
      if (String((message as Message).type).startsWith('stream-')) sent.push(message as Message);
      send(message, ...rest);
    };
  }
  const [nearLane, farLane] = lane ? lanePair(mode, aside) : [undefined, undefined];
  const common = { self: { current: undefined }, ownFile: undefined };
  const onViolation = (error: ProtocolError): void => void violations.push(error);
  const near = openSession({
    ...common,
    channel: channels[0],
    isParent: true,
    onViolation,
    onBusy: (on) => busy.push(on),
  });
  const far = openSession({
    ...common,
    channel: channels[1],
    isParent: false,
    onViolation,
    run: (_target, method, args) => methods[method]?.(...(args as never[])),
  });
  near.carry({ mode, handles: false, bytes: nearLane });
  far.carry({ mode, handles: false, bytes: farLane });
  const open = (): [number, number] => [near.session.stats().openStreams, far.session.stats().openStreams];
  return {
    call: (method, ...args) => near.session.call('instance', method, args, { timeout: Infinity }),
    sent,
    aside,
    violations,
    busy,
    open,
    async untilNoneOpen() {
      while (open().some((count) => count > 0)) await sleep(1);
    },
    forge: (message) => channels[1].send(message),
    end: (reason) => near.session.close(() => reason),
  };
}

function lanePair(mode: SerializationMode, log: unknown[]): [DataLane, DataLane] {
  const copy = copierOf(mode);
  const receivers: (DataReceiver | undefined)[] = [];
  const waiting: [unknown[], unknown[]] = [[], []];
  /** Delivers to a side, once that side has opened its end. */
  const deliver = (to: 0 | 1, take: (receiver: DataReceiver) => void): void => {
    const receiver = receivers[to];
    if (!receiver) return void waiting[to].push(take);
    try {
      take(receiver);
    } catch (error) {
      receiver.onViolation(error);
    }
  };
  const side =
    (own: 0 | 1, other: 0 | 1): DataLane =>
    (receiver) => {
      receivers[own] = receiver;
      for (const take of waiting[own].splice(0)) deliver(own, take as (receiver: DataReceiver) => void);
      return {
        sendBytes(streamId, chunks, written) {
          const bytes = Buffer.concat(chunks);
          log.push(bytes.toString());
          deliver(other, ({ onPiece }) => onPiece({ streamId, bytes, isFirst: true, isLast: true }));
          written?.();
        },
        sendMessage(message) {
          log.push(message);
          const copied = copy(message);
          deliver(other, ({ onMessage }) => onMessage(copied));
        },
        isWritable: true,
        // Items of streams that use this lane have no large bytes beside them.
        sendLarge() {},
        announced() {},
        stopWaiting() {},
      };
    };
  return [side(0, 1), side(1, 0)];
}
