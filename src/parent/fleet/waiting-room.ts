import { AsyncResource } from 'node:async_hooks';
import { clearInterval, clearTimeout, MAX_DELAY, now, setImmediate, setInterval, setTimeout } from '../../clock.js';
import { markRan } from '../../errors.js';
import { QueueFullError, QueueTimeoutError } from '../../fleet-errors.js';
import { onAbort } from '../../session/calls/abort.js';
import type { ErrorFactory } from '../../session/calls/open-call.js';
import { LinkedList, type Link } from './linked-list.js';

export interface WaitingCallOptions<T> {
  method: string;
  /** Calls of one key stay together. */
  key?: string | undefined;
  /** Whether the call needs its target for itself. */
  isExclusive?: boolean;
  signal: AbortSignal | undefined;
  /** Makes the call at `target`, in the asynchronous context of the caller. */
  handOver(target: T): void;
  reject(reason: unknown): void;
}

let lastOrder = 0;

/** A call that could not be made yet. None of its arguments have crossed. */
export class WaitingCall<T> {
  /** Later ones have higher numbers. */
  readonly order = ++lastOrder;
  readonly method: string;
  readonly key: string | undefined;
  readonly isExclusive: boolean;
  readonly signal: AbortSignal | undefined;
  readonly reject: (reason: unknown) => void;
  /** When it began to wait, as `now()` gives it. */
  readonly since = now();
  readonly #context = new AsyncResource('PROCXY_WAITING_CALL');
  readonly #handOver: (target: T) => void;
  /** Called when it has left the room. */
  leave: (() => void) | undefined;
  /** The list from which it is taken, besides the room's. */
  #listed: { list: LinkedList<WaitingCall<T>>; link: Link<WaitingCall<T>> } | undefined;

  constructor({ method, key, isExclusive = false, signal, handOver, reject }: WaitingCallOptions<T>) {
    this.method = method;
    this.key = key;
    this.isExclusive = isExclusive;
    this.signal = signal;
    this.#handOver = handOver;
    this.reject = reject;
  }

  handOver(target: T): void {
    this.leave?.();
    this.#context.runInAsyncScope(this.#handOver, undefined, target);
  }

  get isWaiting(): boolean {
    return this.leave !== undefined;
  }

  /** Moves it to the end of another list. Absent: to none. */
  move(list?: LinkedList<WaitingCall<T>>): void {
    this.#listed?.list.remove(this.#listed.link);
    this.#listed = list && { list, link: list.push(this) };
  }

  /** Rejects it: its method has not run. */
  refuse(error: unknown): void {
    this.leave?.();
    this.reject(error instanceof Error ? markRan(error, 'no') : error);
  }
}

export interface WaitingRoomOptions {
  /** How many calls may wait. */
  maxQueue: number;
  /** ms that a call may wait; `Infinity`: no limit. */
  queueTimeout: number;
  /** What calls wait for: completes "waits for …". */
  what: string;
  /** A sentence about the present state of what calls wait for. */
  state?(): string;
  /** What to do about a full queue. */
  remedy: string;
}

/** The calls that wait. They keep this process alive. */
export class WaitingRoom<T> {
  readonly #options: WaitingRoomOptions;
  /** All calls that wait, the oldest first. Their owner may have lists of its own. */
  readonly calls = new LinkedList<WaitingCall<T>>();
  /** Those who wait for room, in the order in which they came. */
  readonly #onRoom: { needNot(): boolean; tell(): void }[] = [];
  /** How many of them were told in this turn of the event loop. Each may be about to make a call. */
  #told = 0;
  #keepAlive: NodeJS.Timeout | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: WaitingRoomOptions) {
    this.#options = options;
  }

  get isFull(): boolean {
    return this.calls.size >= this.#options.maxQueue;
  }

  /**
   * Lets a call wait in a list, or rejects it.
   * @param onLeave called when it no longer waits
   */
  enter(call: WaitingCall<T>, list?: LinkedList<WaitingCall<T>>, onLeave?: () => void): void {
    const { signal } = call;
    if (signal?.aborted) return call.reject(signal.reason);
    if (this.isFull) return call.refuse(this.#fullError(call.method));
    const place = this.calls.push(call);
    call.move(list);
    const stopListening =
      signal &&
      onAbort(signal, () => {
        call.leave?.();
        call.reject(signal.reason);
      });
    call.leave = () => {
      call.leave = undefined;
      stopListening?.();
      call.move();
      onLeave?.();
      this.#remove(place);
    };
    if (this.calls.size > 1) return;
    this.#keepAlive = setInterval(() => {}, MAX_DELAY);
    this.#watch();
  }

  /**
   * Resolves when one more call may wait, or need not.
   * @param needNot asked again when a call has left, and at {@link tellOfRoom}
   */
  async room(needNot: () => boolean): Promise<void> {
    do {
      const told = new Promise<void>((tell) => this.#onRoom.push({ needNot, tell }));
      this.tellOfRoom();
      await told;
      // Another call may have come first.
    } while (this.isFull && !needNot());
  }

  /** Tells as many of those who wait for room as there is room for, and the next ones when these have had their turn. */
  tellOfRoom(): void {
    const before = this.#told;
    for (let first = this.#onRoom[0]; first && this.#hasRoomFor(first); first = this.#onRoom[0]) {
      this.#onRoom.shift();
      this.#told++;
      first.tell();
    }
    if (before > 0 || this.#told === 0) return;
    setImmediate(() => {
      this.#told = 0;
      this.tellOfRoom();
    });
  }

  #hasRoomFor({ needNot }: { needNot(): boolean }): boolean {
    return this.calls.size + this.#told < this.#options.maxQueue || (this.#told === 0 && needNot());
  }

  rejectAll(reason: ErrorFactory): void {
    for (const call of this.calls) call.refuse(reason(call.method));
    this.tellOfRoom();
  }

  #remove(place: Link<WaitingCall<T>>): void {
    this.calls.remove(place);
    if (!this.isFull) this.tellOfRoom();
    if (this.calls.size > 0) return;
    clearInterval(this.#keepAlive);
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** All may wait equally long, so that the first one is due first. */
  #watch(): void {
    const { queueTimeout } = this.#options;
    const { first } = this.calls;
    if (!first || queueTimeout === Infinity) return;
    const left = Math.max(first.since + queueTimeout - now(), 0);
    this.#timer = setTimeout(() => this.#expire(), Math.min(Math.ceil(left), MAX_DELAY));
    this.#timer.unref();
  }

  #expire(): void {
    const { queueTimeout } = this.#options;
    const time = now();
    for (const call of this.calls) {
      if (call.since + queueTimeout > time) break;
      call.refuse(this.#timeoutError(call.method));
    }
    this.#watch();
  }

  #fullError(method: string): QueueFullError {
    const { maxQueue, what, remedy } = this.#options;
    const limit = maxQueue === 0 ? '`maxQueue: 0` lets no call wait' : `${maxQueue} calls wait already`;
    const sentences = [`${method}() would have to wait for ${what}, but ${limit}.`, this.#options.state?.(), remedy];
    return new QueueFullError(method, maxQueue, sentences.filter(Boolean).join(' '));
  }

  #timeoutError(method: string): QueueTimeoutError {
    const { queueTimeout, what } = this.#options;
    const late = `${method}() has waited for ${what} for ${queueTimeout} ms. Raise \`queueTimeout\`, or make fewer calls at a time.`;
    return new QueueTimeoutError(method, queueTimeout, late);
  }
}
