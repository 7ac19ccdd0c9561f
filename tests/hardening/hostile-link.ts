import { randomUUID } from 'node:crypto';
import * as fc from 'fast-check';
import { encodeFrame, HEADER_BYTES, Lane, LANES, type LaneId } from '../../src/remote/link/frame.js';
import { changed, damage, type Damage } from './damage.js';
import { anyMessage } from './messages.js';

/** A frame, and the subject on which it goes. */
export interface Shot {
  subject: string;
  data: Buffer;
  reply?: string;
  /** Says that nobody was there, as only a server of NATS does. */
  isRefusal?: boolean;
}

/** How many frames are kept to be sent again. */
const KEPT = 200;
/** The longest frame that a server of NATS takes, in bytes. */
export const MAX_PAYLOAD = 1024 * 1024;
const MOST = 2 ** 48 - 1;

/** What the frames of a hostile end are made of. The same seed makes the same ones. */
export class Ammunition {
  readonly #random: () => number;
  readonly #messages: readonly Buffer[];
  readonly #damages: readonly Damage[];

  /** @param side who gets the messages */
  constructor(side: 'parent' | 'child', seed: number, random: () => number) {
    this.#random = random;
    const texts = fc.sample(anyMessage(side), { seed, numRuns: 2000 }).map((each) => JSON.stringify(each) ?? 'null');
    this.#messages = texts.map((text) => Buffer.from(`${text.replace(/"#\d"/g, () => `"${randomUUID()}"`)}\n`));
    this.#damages = fc.sample(damage, { seed, numRuns: 2000 });
  }

  chance(share: number): boolean {
    return this.#random() < share;
  }

  below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** A message of the protocol inside, with ids of calls, functions, streams and references that were never given. */
  message(): Buffer {
    return this.pick(this.#messages);
  }

  bytes(most: number): Buffer {
    const bytes = Buffer.alloc(this.below(most));
    for (let at = 0; at < bytes.length; at += 1 + this.below(8)) bytes[at] = this.below(256);
    return bytes;
  }

  damaged(bytes: Buffer): Buffer {
    return changed(bytes, this.pick(this.#damages));
  }

  number(): number {
    return this.pick([0, 1, 255, 65_536, 2 ** 31, 2 ** 32, MOST - 1, MOST, this.below(2 ** 31)]);
  }
}

/** A link whose end here breaks the protocol in all ways, though not with every frame. */
export class HostileLink {
  readonly #subject: string;
  readonly #reply: string;
  readonly #ammunition: Ammunition;
  /** How many bytes of each lane were sent. */
  readonly #sent = LANES.map(() => 0);
  readonly #past: Shot[];
  #stamp = Date.now();

  /** @param past the frames of all links of one attacker */
  constructor(subject: string, reply: string, ammunition: Ammunition, past: Shot[]) {
    this.#subject = subject;
    this.#reply = reply;
    this.#ammunition = ammunition;
    this.#past = past;
  }

  /** Bytes of a lane, in order. */
  send(lane: LaneId, bytes: Buffer): Shot {
    const shot = this.#frame(lane, this.#sent[lane] ?? 0, bytes, {});
    this.#sent[lane] = (this.#sent[lane] ?? 0) + bytes.length;
    return shot;
  }

  /** Anything. */
  next(control: () => Buffer): Shot {
    const ammunition = this.#ammunition;
    const past = (): Shot => (this.#past.length > 0 ? ammunition.pick(this.#past) : this.#random());
    const kinds: [weight: number, make: () => Shot][] = [
      [10, () => this.send(Lane.MESSAGES, ammunition.message())],
      [2, () => this.send(Lane.MESSAGES, ammunition.damaged(ammunition.message()))],
      [2, () => this.send(ammunition.pick([Lane.BYTES, Lane.BLOCKING]), ammunition.bytes(300))],
      [3, () => this.send(Lane.CONTROL, control())],
      // Replayed, out of order, on a link of another session, and damaged.
      [5, past],
      [2, () => ({ ...past(), subject: this.#subject, reply: this.#reply })],
      [6, () => ({ ...past(), data: ammunition.damaged(past().data) })],
      [3, () => this.#elsewhere(past())],
      // Bytes that leave a gap, overlap or exceed the window.
      [3, () => this.#frame(ammunition.pick(LANES), ammunition.number(), ammunition.bytes(100), {})],
      // What was never sent is acknowledged; the clock is of another epoch; nothing but a question.
      [2, () => this.#frame(Lane.CONTROL, 0, Buffer.alloc(0), { received: ammunition.number() })],
      [3, () => this.#frame(Lane.CONTROL, 0, Buffer.alloc(0), { echo: ammunition.number() })],
      [3, () => this.#frame(Lane.CONTROL, 0, Buffer.alloc(0), { stamp: ammunition.number(), asks: true })],
      [4, () => this.#random()],
      [1, () => ({ subject: this.#subject, data: Buffer.alloc(0), reply: this.#reply, isRefusal: true })],
      [
        0.1,
        () => this.#frame(ammunition.pick(LANES), this.#sent[0] ?? 0, Buffer.alloc(MAX_PAYLOAD - HEADER_BYTES), {}),
      ],
      [0.1, () => ({ subject: this.#subject, data: Buffer.alloc(MAX_PAYLOAD, 1) })],
      [0.5, () => this.#frame(Lane.CONTROL, 0, Buffer.alloc(0), { closes: true })],
    ];
    const total = kinds.reduce((sum, [weight]) => sum + weight, 0);
    let left = ammunition.below(total * 10) / 10;
    const [, make] = kinds.find(([weight]) => (left -= weight) < 0) ?? [0, past];
    return this.#keep(make());
  }

  /** The smallest frame that has to be answered. */
  question(): Shot {
    return this.#frame(Lane.CONTROL, 0, Buffer.alloc(0), { asks: true });
  }

  #frame(
    lane: LaneId,
    offset: number,
    bytes: Buffer,
    odd: { received?: number; echo?: number; stamp?: number; asks?: boolean; closes?: boolean },
  ): Shot {
    const { received = 0, echo = MOST, stamp = ++this.#stamp, asks = false, closes = false } = odd;
    const states = LANES.map(() => ({ received, room: 2 ** 32 - 1 }));
    const head = encodeFrame({ asks, closes, stamp, echo, states, lane, offset }, 0);
    return { subject: this.#subject, data: Buffer.concat([head, bytes]), reply: this.#reply };
  }

  #random(): Shot {
    return { subject: this.#subject, data: this.#ammunition.bytes(200), reply: this.#reply };
  }

  /** To a session, a connection or a client that does not exist, or is not this one's. */
  #elsewhere(shot: Shot): Shot {
    const parts = shot.subject.split('.');
    parts[3 + this.#ammunition.below(parts.length - 3)] = this.#ammunition.pick(['x', '-', '*', '__proto__', '0']);
    return { ...shot, subject: parts.join('.') };
  }

  #keep(shot: Shot): Shot {
    if (this.#past.length < KEPT) this.#past.push(shot);
    else this.#past[this.#ammunition.below(KEPT)] = shot;
    return shot;
  }
}
