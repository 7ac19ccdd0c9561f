import { ProtocolError } from '../../errors.js';
import type { LaneState } from './frame.js';

/**
 * The receiving half of a lane. It keeps nothing itself: bytes that come too early are dropped, and are sent again.
 *
 *     consumed │ with the reader │ room
 *     ─────────┼─────────────────┼──────────┤
 *         #consumed          #received   #consumed + window
 */
export class LaneReceiver {
  readonly #window: number;
  #received = 0;
  #consumed = 0;
  /** The end of the room that the other side was told of. */
  #told: number;

  constructor(window: number) {
    this.#window = window;
    this.#told = window;
  }

  /** Whether the other side should be told soon how much room there is. */
  get isDue(): boolean {
    return this.#consumed + this.#window - this.#told >= this.#window / 4;
  }

  /**
   * Returns the bytes that follow those which have arrived, or `undefined` if there are none.
   * @throws {ProtocolError} if they exceed the window
   */
  accept(offset: number, bytes: Buffer): Buffer | undefined {
    if (offset > this.#received) return undefined;
    const fresh = bytes.subarray(this.#received - offset);
    if (fresh.length === 0) return undefined;
    if (this.#received + fresh.length > this.#consumed + this.#window) {
      throw new ProtocolError(`More bytes arrived than the window of ${this.#window} has room for.`);
    }
    this.#received += fresh.length;
    return fresh;
  }

  /** The reader has taken `count` bytes, and can take as many more. */
  consume(count: number): void {
    this.#consumed += count;
  }

  state(): LaneState {
    this.#told = this.#consumed + this.#window;
    return { received: this.#received, room: this.#told - this.#received };
  }
}
