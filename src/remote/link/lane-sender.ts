import { ProtocolError } from '../../errors.js';
import { SendBuffer } from '../../send-buffer.js';
import type { LaneState } from './frame.js';

/**
 * The sending half of a lane: it keeps each byte until the other side has it, and finds out which were lost.
 *
 *     delivered │ in transit │ waiting
 *     ──────────┼────────────┼─────────────┤
 *             start        #sent          end          #sent never passes #limit, which the receiver sets
 *
 * When is a byte lost? `#mark` names the end of what one frame carried, and when the frame was sent. A state of the receiver that
 * echoes that stamp or a later one, and yet has not received as much, proves a loss. Then everything from there on is sent again.
 */
export class LaneSender {
  readonly #window: number;
  readonly #kept = new SendBuffer();
  #sent = 0;
  /** The most that was ever sent. After a loss, `#sent` is below it. */
  #highest = 0;
  #limit: number;
  #mark: { readonly end: number; readonly stamp: number } | undefined;

  constructor(window: number) {
    this.#window = window;
    this.#limit = window;
  }

  /** How many bytes wait until the window has room for them. */
  get waiting(): number {
    return this.#kept.end - this.#sent;
  }

  /** How many bytes may be lost: sent, and not known to have arrived. */
  get inTransit(): number {
    return this.#sent - this.#kept.start;
  }

  /** Takes ownership of `data`, which may be sent again later. */
  append(data: Buffer): void {
    this.#kept.append(data);
  }

  /** Returns where the next bytes begin and how many they are, or `undefined` if there are none or the window is full. */
  next(most: number): { offset: number; length: number } | undefined {
    const length = Math.min(this.#kept.end, this.#limit) - this.#sent;
    return length > 0 ? { offset: this.#sent, length: Math.min(length, most) } : undefined;
  }

  /** Fills the rest of a frame with the next bytes. They are in transit from then on. */
  take(target: Buffer, stamp: number): void {
    this.#sent += this.#kept.copy(this.#sent, target);
    this.#highest = Math.max(this.#highest, this.#sent);
    this.#mark ??= { end: this.#sent, stamp };
  }

  /**
   * Reads a state of the receiver.
   * @param stamp of the last frame that was sent
   * @throws {ProtocolError} if it cannot be true
   */
  hear({ received, room }: LaneState, echo: number, stamp: number): void {
    if (received > this.#highest) throw new ProtocolError('Bytes were acknowledged that had never been sent.');
    this.#kept.release(received);
    this.#sent = Math.max(this.#sent, this.#kept.start);
    // No more than the window, whatever the other side claims.
    this.#limit = Math.max(this.#limit, received + Math.min(room, this.#window));
    if (!this.#mark || echo < this.#mark.stamp) return;
    if (this.#kept.start < this.#mark.end) this.rewind();
    else this.#mark = this.inTransit > 0 ? { end: this.#sent, stamp } : undefined;
  }

  /** Sends everything again that may be lost. */
  rewind(): void {
    this.#sent = this.#kept.start;
    this.#mark = undefined;
  }
}
