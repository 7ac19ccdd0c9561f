import { now } from '../clock.js';
import type { ProcxyError } from '../errors.js';
import type { HostRequest } from '../parent/start-on-host.js';
import { traceHost, type HostContext } from '../parent/tracing.js';
import { CALL_AGAIN } from '../parent/worker.js';
import type { Link } from './link/link.js';
import type { LinkEvents } from './link/link-options.js';
import type { Failure } from './worker-errors.js';

/** What a worker needs of its cluster. */
export interface Placer {
  /** ms of silence after which a host is given up. */
  readonly lease: number;
  /**
   * Finds a host, and opens a link to it.
   * @param except the ids of hosts that have refused the instance
   * @throws {HostError} if there is none
   */
  place(request: HostRequest, events: LinkEvents, except: ReadonlySet<string>): Promise<Place>;
  /** Whether a host would take an instance now. */
  hasRoom(request: HostRequest): Promise<boolean>;
}

export interface Place {
  link: Link;
  /** The id of the host. */
  host: string;
}

export interface PlacingOptions {
  request: HostRequest;
  placer: Placer;
  /** Makes the listener of the link to one host. */
  events(): LinkEvents;
  onPlace(place: Place): void;
  /** No host may run it. */
  onNone(failure: Failure): void;
}

/** Finds a host for an instance: one after the other, until one has started it. Publishes what hosts do with it. */
export class Placing {
  readonly #options: PlacingOptions;
  /** The hosts that have refused the instance, or were lost before they had started it. */
  readonly #passedOver = new Set<string>();
  readonly #begun = now();

  constructor(options: PlacingOptions) {
    this.#options = options;
  }

  /** @param failure why the previous host was left. It is reported if no other host can be asked */
  choose(failure?: Failure): void {
    const { placer, request, events, onPlace, onNone } = this.#options;
    placer
      .place(request, events(), this.#passedOver)
      .then(onPlace, (error: unknown) => onNone(failure ?? (() => error as ProcxyError)));
  }

  passOver(host: string): void {
    this.#passedOver.add(host);
  }

  trace(reason: HostContext['reason'], host: string, pid: number | undefined, failure?: Failure): void {
    const { name } = this.#options.request;
    const wait = reason === 'placed' ? now() - this.#begun : undefined;
    traceHost({ className: name, pid, host, wait, reason }, failure && (() => failure(name, CALL_AGAIN)));
  }
}
