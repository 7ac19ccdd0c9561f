/* This file is longer than most, because each method of a link reads and changes its state: stamps, lanes and the next timer. */
import { ProtocolError } from '../../errors.js';
import {
  decodeFrame,
  encodeFrame,
  encodeRefusal,
  HEADER_BYTES,
  Lane,
  LANES,
  type Frame,
  type LaneId,
} from './frame.js';
import { LaneReceiver } from './lane-receiver.js';
import { LaneSender } from './lane-sender.js';
import { realClock } from './link-clock.js';
import type { LinkEnd, LinkOptions } from './link-options.js';
import { Silence } from './silence.js';

export const WINDOW = 1024 * 1024;
export const MAX_BACKLOG = 64 * 1024 * 1024;

/** How long an acknowledgement waits for bytes to travel with, in ms. */
const ACK_DELAY = 5;

/**
 * Two-way lanes of bytes over a transport that loses, doubles, delays and reorders frames, and is cut. Every byte arrives once and in
 * order while both ends live.
 *
 *            a frame                       no frame for a while
 *          ┌────────▶ HEARD ─────────────────────────────────────▶ DOUBTED ◀──┐ asks again
 *          └────────────│ ▲                                          │ │ └────┘
 *                       │ └──────────────────────────────────────────┘ │
 *                       │                   a frame                    │ silent for a lease, or absent
 *      close(), a frame │ that closes, a violation, a full backlog     │ for as long as is allowed
 *                       └──────────────────▶ ENDED ◀───────────────────┘
 *
 * `Silence` tells HEARD and DOUBTED apart. Frames need no connection and no order, so that there is no state for these.
 */
export class Link {
  readonly #options: Required<Pick<LinkOptions, 'window' | 'maxBacklog' | 'clock'>> & LinkOptions;
  readonly #senders: readonly LaneSender[];
  readonly #receivers: readonly LaneReceiver[];
  readonly #silence: Silence;
  /** Lanes whose writer waits for room. */
  readonly #full = new Set<LaneId>();
  #ended = false;
  /** The other end may not know of this link before something was heard of it. */
  #hasHeard = false;
  /** The stamp of the last frame that was sent, and the latest that was read, in µs. */
  #stamp = 0;
  #echo: number;
  #fence: number;
  /** When the other end is told what has arrived, in ms. */
  #ackAt = Infinity;
  #isPumping = false;
  #timer: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: LinkOptions) {
    const { window = WINDOW, maxBacklog = MAX_BACKLOG, clock = realClock, echo = 0 } = options;
    this.#options = { ...options, window, maxBacklog, clock };
    this.#senders = LANES.map(() => new LaneSender(window));
    this.#receivers = LANES.map(() => new LaneReceiver(window));
    this.#silence = new Silence(options, clock.now());
    this.#echo = echo;
    this.#fence = options.fence ?? Infinity;
    this.#arm();
  }

  get isOpen(): boolean {
    return !this.#ended;
  }

  /** Whether everything that was written to a lane has arrived. */
  isDelivered(lane: LaneId): boolean {
    const { waiting, inTransit } = this.#sender(lane);
    return waiting + inTransit === 0;
  }

  /** How many bytes this end keeps, because they may have to be sent again. */
  get kept(): number {
    return this.#senders.reduce((sum, { waiting, inTransit }) => sum + waiting + inTransit, 0);
  }

  /** Takes ownership of `bytes`. Returns whether there is room for more; if not, `onRoom` tells when there is. */
  write(lane: LaneId, bytes: Buffer): boolean {
    if (this.#ended) return true;
    const sender = this.#sender(lane);
    // What waited before counts: one message may be longer than the backlog, and does not show that the other end is slow.
    if (sender.waiting > this.#options.maxBacklog) {
      this.#end({ why: 'backlog' });
      return true;
    }
    sender.append(bytes);
    this.#pumpSoon();
    if (sender.waiting < this.#options.window) return true;
    this.#full.add(lane);
    return false;
  }

  /** The reader of a lane has used `count` bytes. */
  consume(lane: LaneId, count: number): void {
    const receiver = this.#receiver(lane);
    receiver.consume(count);
    if (receiver.isDue) this.#acknowledgeWithin(0);
  }

  /** Reads a frame of the other end. */
  receive(payload: Buffer): void {
    if (this.#ended) return;
    try {
      const frame = decodeFrame(payload);
      if (frame.closes) return this.#end({ why: 'refused' });
      // The frame is sent again if this end is still known: the answer to a question is as fresh as the question.
      if (this.#isStale(frame)) return this.#ask();
      this.#read(frame);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#end({ why: 'violation', error });
    }
  }

  /** The transport says that nobody was there to take a frame. The other end may be gone, or about to connect again. */
  nobody(): void {
    if (this.#ended) return;
    this.#silence.nobody(this.#options.clock.now());
    this.#arm();
  }

  /** The transport may not carry frames to the other end, which hears nothing. */
  forbid(): void {
    this.#end({ why: 'forbidden' });
  }

  /** The transport is connected again. What was in transit may be lost. */
  resume(): void {
    if (this.#ended) return;
    for (const sender of this.#senders) sender.rewind();
    this.#silence.resume();
    this.#ask();
    this.#pump();
  }

  /** The other end gives this one up after `lease` ms: drops what may be older. */
  fenceAfter(lease: number): void {
    this.#fence = Math.min(this.#fence, lease);
  }

  /** Closes both ends. What was written is sent once more before, and may be lost. */
  close(): void {
    this.#pump();
    this.#end({ why: 'closed' });
  }

  #read(frame: Frame): void {
    const { clock } = this.#options;
    this.#silence.heard(clock.now());
    this.#hasHeard = true;
    this.#echo = Math.max(this.#echo, frame.stamp);
    for (const lane of LANES) {
      const state = frame.states[lane];
      if (state) this.#sender(lane).hear(state, frame.echo, this.#stamp);
    }
    if (frame.asks) this.#acknowledgeWithin(0);
    if (frame.bytes.length > 0) this.#take(frame);
    this.#pumpSoon();
    for (const lane of this.#full) {
      if (this.#sender(lane).waiting >= this.#options.window) continue;
      this.#full.delete(lane);
      this.#options.events.onRoom(lane);
    }
  }

  #take({ lane, offset, bytes }: Frame): void {
    const fresh = this.#receiver(lane).accept(offset, bytes);
    // Bytes that had arrived already, or came too early: tells the other end at once where it is.
    this.#acknowledgeWithin(fresh ? ACK_DELAY : 0);
    if (fresh) this.#options.events.onData(lane, fresh);
  }

  #isStale({ echo }: Frame): boolean {
    return this.#options.clock.now() - echo / 1000 > this.#fence;
  }

  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    this.#options.clock.soon(() => {
      this.#isPumping = false;
      this.#pump();
      this.#arm();
    });
  }

  /** Sends as many bytes as the windows allow. */
  #pump(): void {
    const { transport, clock } = this.#options;
    if (this.#ended || !transport.isConnected) return;
    // Other bytes would be refused if they overtook those which begin the link, or if these are lost.
    const lanes = this.#isBeginning ? [Lane.CONTROL] : LANES;
    for (const lane of lanes) for (let part = this.#next(lane); part; part = this.#next(lane)) this.#send(lane, part);
    if (this.#ackAt <= clock.now()) this.#send();
  }

  /** The first control bytes begin the link at the other end. Nothing shows yet that they have arrived. */
  get #isBeginning(): boolean {
    return !this.#hasHeard && !this.isDelivered(Lane.CONTROL);
  }

  #next(lane: LaneId): { offset: number; length: number } | undefined {
    return this.#sender(lane).next(this.#options.transport.maxPayload - HEADER_BYTES);
  }

  /** Asks the other end for a frame. A question without bytes is refused by an end that does not know of the link yet. */
  #ask(): void {
    const { transport, clock } = this.#options;
    if (transport.isConnected) {
      const isBeginning = this.#isBeginning;
      if (isBeginning) this.#sender(Lane.CONTROL).rewind();
      this.#send(Lane.CONTROL, isBeginning ? this.#next(Lane.CONTROL) : undefined, true);
    }
    this.#silence.asked(clock.now());
    this.#arm();
  }

  #send(lane: LaneId = Lane.CONTROL, part = { offset: 0, length: 0 }, asks = false): void {
    const { transport, clock } = this.#options;
    this.#stamp = Math.max(this.#stamp + 1, Math.floor(clock.now() * 1000));
    const [stamp, echo, { offset, length }] = [this.#stamp, this.#echo, part];
    const states = this.#receivers.map((receiver) => receiver.state());
    const frame = encodeFrame({ asks, closes: false, stamp, echo, states, lane, offset }, length);
    if (length > 0) this.#sender(lane).take(frame.subarray(HEADER_BYTES), stamp);
    this.#ackAt = Infinity;
    transport.send(frame);
  }

  #acknowledgeWithin(delay: number): void {
    this.#ackAt = Math.min(this.#ackAt, this.#options.clock.now() + delay);
    if (delay === 0) this.#pumpSoon();
    else this.#arm();
  }

  /** Whether this end waits for the other to receive something, or to make room. */
  get #isWaiting(): boolean {
    return this.kept > 0;
  }

  /** Sets the timer for what is due next. */
  #arm(): void {
    if (this.#ended) return;
    const { clock, transport } = this.#options;
    // An acknowledgement cannot be sent before the transport is connected, and then `resume()` does it.
    const ackAt = transport.isConnected ? this.#ackAt : Infinity;
    const at = Math.min(ackAt, this.#silence.next(this.#isWaiting));
    if (this.#timer && this.#timer.at <= at) return;
    this.#timer?.cancel();
    this.#timer = { at, cancel: clock.after(Math.max(0, at - clock.now()), () => this.#tick(at)) };
  }

  #tick(due: number): void {
    const { clock } = this.#options;
    // A timer may fire a fraction of a millisecond early.
    const now = Math.max(due, clock.now());
    this.#timer = undefined;
    this.#silence.skip(due, now);
    if (this.#silence.isOver(now)) return clock.afterReading(() => this.#giveUp());
    if (this.#silence.isAskDue(now, this.#isWaiting)) this.#ask();
    this.#pump();
    this.#arm();
  }

  /** What has arrived was read. If the other end is still silent, it is given up. */
  #giveUp(): void {
    const over = this.#silence.isOver(this.#options.clock.now());
    if (over) this.#end({ why: over });
    else this.#arm();
  }

  #end(end: LinkEnd): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#timer?.cancel();
    const { transport, events } = this.#options;
    if (end.why !== 'refused' && end.why !== 'forbidden' && transport.isConnected) transport.send(encodeRefusal());
    events.onEnd(end);
  }

  #sender(lane: LaneId): LaneSender {
    return this.#senders[lane] as LaneSender;
  }

  #receiver(lane: LaneId): LaneReceiver {
    return this.#receivers[lane] as LaneReceiver;
  }
}
