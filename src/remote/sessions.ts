import { ProtocolError } from '../errors.js';
import type { HostedInstance } from './hosted-instance.js';
import { decodeFrame, Lane } from './link/frame.js';
import type { Limits } from './serve-options.js';

/** Sessions that have ended are remembered, so that a late frame does not start them again. */
const REMEMBERED = 10_000;

/** Sessions beyond the limits of instances that are told why they are refused. Any more are refused without a reason. */
const SPARE_PER_CLIENT = 64;
const SPARE = 512;

interface Session {
  readonly instance: HostedInstance;
  /** A session belongs to the client that began it. */
  readonly client: string;
}

/** The sessions of a host, by their ids. */
export class Sessions {
  readonly #limits: Limits;
  readonly #open = new Map<string, Session>();
  /** How many sessions each client has open. */
  readonly #sizes = new Map<string, number>();
  readonly #past = new Set<string>();
  readonly #onEnd: (() => void)[] = [];

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  get instances(): HostedInstance[] {
    return [...this.#open.values()].map(({ instance }) => instance);
  }

  get(id: string): Session | undefined {
    return this.#open.get(id);
  }

  /** Whether a session was open, and has ended. */
  isPast(id: string): boolean {
    return this.#past.has(id);
  }

  add(id: string, session: Session): void {
    this.#open.set(id, session);
    this.#resize(session.client, 1);
  }

  end(id: string): void {
    const session = this.#open.get(id);
    if (!session) return;
    this.#open.delete(id);
    this.#resize(session.client, -1);
    this.#past.add(id);
    const [oldest] = this.#past;
    if (this.#past.size > REMEMBERED && oldest !== undefined) this.#past.delete(oldest);
    for (const tell of this.#onEnd.splice(0)) tell();
  }

  /** Waits for what the end of a session makes true. */
  async until(isTrue: () => boolean): Promise<void> {
    while (!isTrue()) await new Promise<void>((resolve) => void this.#onEnd.push(resolve));
  }

  /** How many instances run, of all clients or of one. */
  running(client?: string): number {
    let count = 0;
    for (const each of this.#open.values()) {
      if (each.instance.isRunning && (client === undefined || each.client === client)) count++;
    }
    return count;
  }

  /** Whether there are as many sessions as a client, or all clients, may have open: admitted, refused or still asking. */
  isCrowded(client: string): boolean {
    const { instances, perClient } = this.#limits;
    const own = this.#sizes.get(client) ?? 0;
    return own >= perClient + SPARE_PER_CLIENT || this.#open.size >= instances + SPARE;
  }

  #resize(client: string, change: number): void {
    const size = (this.#sizes.get(client) ?? 0) + change;
    if (size > 0) this.#sizes.set(client, size);
    else this.#sizes.delete(client);
  }
}

/** Whether a frame of an unknown session begins one, or else must be refused. `undefined` if it needs no answer. */
export function beginsSession(data: Buffer): boolean | undefined {
  try {
    const { closes, lane, offset, bytes } = decodeFrame(data);
    return closes ? undefined : lane === Lane.CONTROL && offset === 0 && bytes.length > 0;
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
