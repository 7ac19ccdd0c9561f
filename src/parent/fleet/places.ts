import { TerminatedError } from '../../errors.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import type { InstancePlan } from '../instance-plan.js';
import type { Prepared } from '../spares.js';
import { StartGate } from './start-gate.js';

/** Someone who needs a place for an instance. */
export interface Guest {
  prepared: Prepared | undefined;
}

/** Where instances by key live. */
export interface Places {
  /**
   * Sets `prepared` of a guest. Resolves to a function that must be called when the class is loaded there, or could not be.
   * @throws {TerminatedError} after {@link terminate}
   */
  take(guest: Guest): Promise<() => void>;
  /** Ends all children. */
  terminate(reason: ErrorFactory): Promise<void>;
}

/** Each instance has a child for itself. */
export class OwnChildren implements Places {
  readonly #plan: InstancePlan;
  readonly #gate = new StartGate();
  #isOver = false;

  constructor(plan: InstancePlan) {
    this.#plan = plan;
  }

  async take(guest: Guest): Promise<() => void> {
    const loaded = await this.#gate.enter();
    if (this.#isOver) throw overError(loaded);
    try {
      guest.prepared = this.#plan.prepare();
    } catch (error) {
      loaded();
      throw error;
    }
    return loaded;
  }

  /** The instances end by themselves, and their children with them. */
  async terminate(): Promise<void> {
    this.#isOver = true;
  }
}

/** @param leave lets the next one in, which is refused too */
export function overError(leave: () => void): TerminatedError {
  leave();
  return new TerminatedError('The instances by key were terminated before this one started.');
}
