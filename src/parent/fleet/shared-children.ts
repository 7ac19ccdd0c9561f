import { setTimeout } from '../../clock.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { KeyedPlan } from './plans.js';
import { overError, type Guest, type Places } from './places.js';
import { SharedChild } from './shared-child.js';
import { StartGate } from './start-gate.js';

/** How long a child without instances waits for the next one, in ms. */
const LINGER = 100;

interface Start {
  readonly child: Promise<SharedChild>;
  /** Instances that wait for it. */
  wanted: number;
}

/** Children with up to `perChild` instances each. */
export class SharedChildren implements Places {
  readonly #plan: KeyedPlan;
  readonly #gate = new StartGate();
  readonly #children = new Set<SharedChild>();
  /** The child that starts last, as soon as it may. */
  #next: Start | undefined;
  #isOver = false;

  constructor(plan: KeyedPlan) {
    this.#plan = plan;
  }

  /** Makes a place in the fullest child that has room, so that others become empty and end. */
  async take(guest: Guest): Promise<() => void> {
    for (;;) {
      const child = this.#fullest() ?? (await this.#start());
      // Others may have taken the room meanwhile.
      if (!this.#hasRoom(child)) continue;
      guest.prepared = child.prepare();
      return child.loaded;
    }
  }

  async terminate(reason: ErrorFactory): Promise<void> {
    this.#isOver = true;
    await Promise.all([...this.#children].map((child) => child.terminate(reason)));
  }

  #hasRoom(child: SharedChild): boolean {
    return child.isOpen && child.size < this.#plan.options.perChild;
  }

  #fullest(): SharedChild | undefined {
    let best: SharedChild | undefined;
    for (const child of this.#children) {
      if (this.#hasRoom(child) && child.size >= (best?.size ?? 0)) best = child;
    }
    return best;
  }

  #start(): Promise<SharedChild> {
    const { perChild } = this.#plan.options;
    if (!this.#next || this.#next.wanted >= perChild) {
      const start: Start = {
        wanted: 0,
        child: this.#gate.enter().then((loaded) => {
          if (this.#next === start) this.#next = undefined;
          if (this.#isOver) throw overError(loaded);
          try {
            return this.#launch(loaded);
          } catch (error) {
            loaded();
            throw error;
          }
        }),
      };
      this.#next = start;
    }
    this.#next.wanted++;
    return this.#next.child;
  }

  #launch(loaded: () => void): SharedChild {
    const child: SharedChild = new SharedChild(this.#plan, loaded, () => {
      if (child.size === 0) setTimeout(() => this.#endIfEmpty(child), LINGER).unref();
    });
    this.#children.add(child);
    void child.exited.then(() => {
      loaded();
      this.#children.delete(child);
    });
    return child;
  }

  #endIfEmpty(child: SharedChild): void {
    if (child.size === 0 && child.isOpen) void child.terminate(() => new Error('The child has no instances any more.'));
  }
}
