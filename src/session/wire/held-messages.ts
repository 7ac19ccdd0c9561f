import { types } from 'node:util';
import type { ArrivedHandle } from '../../channel/channel.js';
import { MAX_MESSAGE } from '../../channel/frames.js';
import { ProtocolError } from '../../errors.js';

/** Tells whether all bytes of a message have arrived. `'lost'` if they never will. */
export type Arriving = () => 'complete' | 'waiting' | 'lost';

export interface Held {
  readonly message: object;
  readonly handle: ArrivedHandle | undefined;
  /** Absent if it needs nothing, but waits behind others. */
  readonly arriving: Arriving | undefined;
}

/** How many messages may wait behind one whose bytes have not arrived. Together, they may be as large as one message. */
const MOST = 2 ** 17;
/** The least memory that a part of a message takes, in bytes. */
const PART = 16;

/** Messages that wait for their bytes, and the messages behind them, in the order of their arrival. */
export class HeldMessages {
  #messages: ({ readonly held: Held; readonly weight: number } | undefined)[] = [];
  /** The index of the first one. Moving the others forward for each one that leaves would take quadratic time. */
  #head = 0;
  /** The size of the messages behind the first one, in bytes. */
  #weight = 0;

  get length(): number {
    return this.#messages.length - this.#head;
  }

  get first(): Held | undefined {
    return this.#messages[this.#head]?.held;
  }

  /** @throws {ProtocolError} if too much waits */
  add(held: Held): void {
    // The first one rarely waits for long, and the channel has limited its size.
    const weight = this.length === 0 ? 0 : weigh(held.message, MAX_MESSAGE);
    if (this.length === MOST || this.#weight + weight > MAX_MESSAGE)
      throw new ProtocolError(
        `More than ${MOST} messages or ${MAX_MESSAGE} bytes arrived while a message waited for its bytes.`,
      );
    this.#weight += weight;
    this.#messages.push({ held, weight });
  }

  removeFirst(): void {
    this.#weight -= this.#messages[this.#head]?.weight ?? 0;
    this.#messages[this.#head++] = undefined;
    if (this.#head * 2 < this.#messages.length) return;
    this.#messages = this.#messages.slice(this.#head);
    this.#head = 0;
  }

  /** Removes and returns all. */
  clear(): Held[] {
    const rest = this.#messages.flatMap((each) => each?.held ?? []);
    this.#messages = [];
    this.#head = this.#weight = 0;
    return rest;
  }
}

/** Estimates the memory that a message takes, in bytes. Stops when it is more than `limit`. */
function weigh(message: object, limit: number): number {
  const seen = new Set<object>();
  const pending: unknown[] = [message];
  let weight = 0;
  while (pending.length > 0 && weight <= limit) {
    const part = pending.pop();
    weight += PART;
    if (typeof part === 'string') weight += part.length;
    else if (typeof part === 'bigint') weight += part.toString(16).length / 2;
    else if (typeof part !== 'object' || part === null || seen.has(part)) continue;
    else if (ArrayBuffer.isView(part) || types.isAnyArrayBuffer(part)) weight += part.byteLength;
    else {
      seen.add(part);
      addParts(part, pending);
    }
  }
  return weight;
}

function addParts(object: object, parts: unknown[]): void {
  if (types.isMap(object)) for (const [key, value] of object) parts.push(key, value);
  else if (types.isSet(object)) for (const each of object) parts.push(each);
  else if (types.isBoxedPrimitive(object)) parts.push(object.valueOf());
  else if (types.isRegExp(object)) parts.push(object.source);
  else {
    if (types.isNativeError(object)) parts.push(object.message, object.stack, object.cause);
    for (const key in object) parts.push(key, (object as Record<string, unknown>)[key]);
  }
}
