import { setTimeout } from '../../clock.js';
import type { keyedOptions } from '../../options/keyed.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { InstancePlan } from '../instance-plan.js';
import type { Prepared } from '../spares.js';
import { SharedChild } from './shared-child.js';

/** How long a child without instances waits for the next one, in ms. */
const LINGER = 100;

/** Children with up to `perChild` instances each. */
export class SharedChildren {
  readonly #plan: InstancePlan<typeof keyedOptions>;
  readonly #children = new Set<SharedChild>();

  constructor(plan: InstancePlan<typeof keyedOptions>) {
    this.#plan = plan;
  }

  /** Makes a place for an instance: in the fullest child that has room, so that others become empty and end. */
  prepare(): Prepared {
    const { perChild } = this.#plan.options;
    let best: SharedChild | undefined;
    for (const child of this.#children) {
      if (child.isOpen && child.size < perChild && child.size >= (best?.size ?? 0)) best = child;
    }
    return (best ?? this.#start()).prepare();
  }

  /** Ends all of them. */
  async terminate(reason: ErrorFactory): Promise<void> {
    await Promise.all([...this.#children].map((child) => child.terminate(reason)));
  }

  #start(): SharedChild {
    const child: SharedChild = new SharedChild(this.#plan, () => {
      if (child.size === 0) setTimeout(() => this.#endIfEmpty(child), LINGER).unref();
    });
    this.#children.add(child);
    void child.exited.then(() => this.#children.delete(child));
    return child;
  }

  #endIfEmpty(child: SharedChild): void {
    if (child.size === 0 && child.isOpen) void child.terminate(() => new Error('The child has no instances any more.'));
  }
}
