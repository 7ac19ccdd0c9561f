import type { LinkClock } from '../../../src/remote/link/link-clock.js';
import type { Transport } from '../../../src/remote/link/link-options.js';
import { seeded } from '../../support/seeded.js';

/** How a network treats what is sent on it. Rates are shares from 0 to 1, times are in ms. */
export interface Faults {
  loss: number;
  doubling: number;
  /** The longest delay. Frames overtake each other within it. */
  delay: number;
}

/** A transport that a test can cut. */
export interface Wire extends Transport {
  isConnected: boolean;
  /** Whether frames are lost though the transport seems to be connected. */
  isDead: boolean;
}

/** Virtual time, and networks within it. The same seed gives the same course of events. */
export class World {
  time = 1000;
  readonly random: () => number;
  /** What happens next, in the order of time. */
  readonly #events: { at: number; action: () => void }[] = [];

  constructor(seed: number) {
    this.random = seeded(seed);
  }

  /** A number from 0 up to `limit`. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  at(time: number, action: () => void): () => void {
    const event = { at: time, action };
    let index = this.#events.length;
    while (index > 0 && (this.#events[index - 1]?.at ?? 0) > time) index--;
    this.#events.splice(index, 0, event);
    return () => {
      const now = this.#events.indexOf(event);
      if (now >= 0) this.#events.splice(now, 1);
    };
  }

  after(delay: number, action: () => void): () => void {
    return this.at(this.time + delay, action);
  }

  /** Lets time pass until `limit`, or until nothing is going to happen any more. */
  run(limit: number, isDone: () => boolean = () => false): void {
    while (!isDone()) {
      const next = this.#events[0];
      if (!next || next.at > limit) break;
      this.#events.shift();
      this.time = Math.max(this.time, next.at);
      next.action();
    }
  }

  /** How many timers and frames are left. */
  get pending(): number {
    return this.#events.length;
  }

  clock(): LinkClock {
    return {
      now: () => this.time,
      after: (delay, action) => this.after(delay, action),
      soon: (action) => void this.after(0, action),
      afterReading: (action) => void this.after(0, action),
    };
  }

  /** Makes one direction of a network. */
  wire(faults: Faults, maxPayload: number, deliver: (frame: Buffer) => void): Wire {
    const wire: Wire = {
      maxPayload,
      isConnected: true,
      isDead: false,
      send: (frame) => {
        if (frame.length > maxPayload) throw new Error(`${frame.length} bytes exceed the limit of the transport`);
        const copies = this.random() < faults.doubling ? 2 : 1;
        for (let copy = 0; copy < copies; copy++) {
          if (this.random() < faults.loss || wire.isDead || !wire.isConnected) continue;
          this.after(this.random() * faults.delay, () => {
            if (!wire.isDead && wire.isConnected) deliver(Buffer.from(frame));
          });
        }
      },
    };
    return wire;
  }
}
