import { now } from '../../clock.js';
import { Listeners } from '../../session/events/listeners.js';
import type { Instance } from '../instance-plan.js';
import type { KeyedStats } from '../../types/keyed.js';
import type { Prepared } from '../spares.js';
import type { Usage } from './last-usage.js';
import { LinkedList } from './linked-list.js';
import type { WaitingCall } from './waiting-room.js';

type InstanceStats = Omit<KeyedStats['instances'][number], keyof Usage>;

/**
 * A key, and its instance while there is one:
 *
 *     absent ──a call──> queued ──there is room──> starting ──> up ──idle, or room is needed──> saving ──> ending ──> absent
 *                                                     │          │ ^                               │
 *                                                     │          │ └──────── it cannot be saved ───┘
 *                                                     └──fails───┴──the child has ended──> absent
 *
 * Calls wait in every state but `up`. In `queued`, `starting`, `up`, `saving` and `ending` it counts as one that lives, but for `queued`.
 */
export class KeyEntry {
  readonly key: string;
  state: 'absent' | 'queued' | 'starting' | 'up' | 'saving' | 'ending' = 'absent';
  /** In the order in which they were made. */
  readonly calls = new LinkedList<WaitingCall<Instance>>();
  readonly listeners: Listeners;
  /** The object that represents the instance on this side. */
  proxy: object | undefined;
  prepared: Prepared | undefined;
  instance: Instance | undefined;
  /** Calls that the instance has not finished. */
  running = 0;
  /** Calls that it was given. */
  handedOver = 0;
  idleSince = now();
  /** Why the last save has failed. */
  saveError: unknown;

  constructor(key: string) {
    this.key = key;
    this.listeners = new Listeners(() => this.proxy);
  }

  /** Takes calls at once. */
  get isUp(): boolean {
    return this.state === 'up' && this.instance?.connection.isOpen === true;
  }

  get isIdle(): boolean {
    return this.isUp && this.running === 0 && this.calls.size === 0;
  }

  /** Nothing is known of the key that is not known of every other. */
  get isForgettable(): boolean {
    return this.state === 'absent' && this.calls.size === 0 && this.listeners.events.length === 0;
  }

  /** For an instance that lives. */
  stats(): InstanceStats {
    const { key, state, running, handedOver, prepared } = this;
    const pid = prepared?.connection.worker.pid;
    return { key, pid, state: state as InstanceStats['state'], running, calls: handedOver };
  }
}
