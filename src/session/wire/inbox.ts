import type { ArrivedHandle } from '../../channel/channel.js';
import { describeReason, ProtocolError } from '../../errors.js';
import { isNative } from '../../channel/native-handles.js';
import type { Batch, Coded, Message } from '../../protocol.js';
import { HeldMessages, type Arriving } from './held-messages.js';
import { findMalformedField, isOurs } from './message-shape.js';
import { isLoneRow, readLoneRow, readRows, type RowMessage, type RowReader } from './rows.js';

/** Message types allowed on the data socket. */
const asideTypes = new Set<Message['type']>(['stream-data', 'stream-end']);

/** How a message arrived. */
export interface Arrival {
  readonly way: 'channel' | 'data-socket';
  /** Present only with a `handle-transfer`. */
  readonly handle?: ArrivedHandle | undefined;
}

const byChannel: Arrival = { way: 'channel' };
const byDataSocket: Arrival = { way: 'data-socket' };

export interface InboxOptions {
  /** Hands a well-formed message to its part. @throws {ProtocolError} */
  dispatch(message: Message, arrival: Arrival): void;
  /** Called when a message arrives. Returns a function if it may have to wait for bytes that come on another way. */
  awaits(coded: Coded): Arriving | undefined;
  /** Called when a message that exports these ids is about to be handled. */
  arrive(coded: Coded | undefined): void;
  /** Called when that message has been handled. */
  account(coded: Coded | undefined): void;
  /** Called when a message from the channel has been handled. */
  afterMessage(message: Message): void;
  /** Called at most once, when the other side breaks the protocol. Nothing more is read from it. */
  onViolation(error: ProtocolError): void;
}

/**
 * Receives messages: takes batches apart, checks the shape of each message, and counts them. A message comes by the channel, ahead
 * of the channel (as a copy in a blocking invocation), or aside (on the data socket).
 */
export class Inbox {
  readonly #options: InboxOptions;
  /** How many messages the channel has brought. */
  #arrived = 0;
  /** How many messages of the channel were handled. Larger than `#arrived` while some came ahead of it. */
  #received = 0;
  #violated = false;
  #passOn: ((message: object, handle: ArrivedHandle | undefined) => void) | undefined;

  readonly #rows: RowReader = {
    message: (message) => {
      if (!isOurs(message)) throw new ProtocolError('A batch contains a value that is not a message.');
      this.#receiveOne(message, byChannel);
    },
    row: (message) => this.#receiveRow(message),
  };
  readonly #held = new HeldMessages();
  #isGoingOn = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** How many messages of the channel were handled. */
  get received(): number {
    return this.#received;
  }

  /** Sets the only listener for messages of the channel that are not ours. What it throws is a violation. */
  passOn(listener: (message: object, handle: ArrivedHandle | undefined) => void): void {
    this.#passOn = listener;
  }

  /** Handles a message from the channel. Never throws: reports a violation instead. */
  receive(message: object, handle: ArrivedHandle | undefined): void {
    if (this.#violated) return;
    const { coded } = message as { coded?: Coded };
    if (this.#held.length === 0 && !Array.isArray(coded)) return this.#handle(message, handle);
    try {
      const arriving = Array.isArray(coded) && isOurs(message) ? this.#arriving(message) : undefined;
      this.#held.add({ message, handle, arriving });
    } catch (error) {
      return this.violate(error);
    }
    this.goOn();
  }

  /** Handles messages whose bytes have arrived, up to the first one that still waits. */
  goOn(): void {
    if (this.#isGoingOn) return;
    this.#isGoingOn = true;
    for (let first = this.#held.first; first && !this.#violated; first = this.#held.first) {
      const state = first.arriving?.() ?? 'complete';
      if (state === 'waiting') break;
      this.#held.removeFirst();
      // The other side has died in the middle of a message. Those behind it, such as its last words, are still handled.
      if (state === 'complete') this.#handle(first.message, first.handle);
    }
    this.#isGoingOn = false;
  }

  /** Drops messages that wait. */
  close(): void {
    for (const { handle } of this.#held.clear()) if (isNative(handle)) handle.close();
  }

  #arriving(message: { type: Message['type'] }): Arriving | undefined {
    const { coded } = checked(message) as { coded?: Coded };
    return coded && this.#options.awaits(coded);
  }

  #handle(message: object, handle: ArrivedHandle | undefined): void {
    try {
      if (isLoneRow(message)) readLoneRow(message, this.#rows);
      else if ((message as Partial<Batch>).type === 'batch') this.#receiveBatch(message);
      else if (isOurs(message)) this.#receiveOne(message, handle ? { way: 'channel', handle } : byChannel);
      else this.#passOn?.(message, handle);
    } catch (error) {
      this.violate(error);
    }
  }

  /**
   * Handles copies of messages that the channel has not brought yet.
   * @param from how many messages were sent before the first of these
   */
  receiveEarly(from: number, messages: readonly unknown[]): void {
    for (const message of messages.slice(Math.max(this.#received - from, 0))) {
      if (!isOurs(message)) throw new ProtocolError('An invocation contains an early message that is malformed.');
      this.#received++;
      this.#take(message, byChannel);
    }
  }

  /** Handles a message from the data socket: items of a stream. */
  receiveAside(message: unknown): void {
    if (!isOurs(message) || !asideTypes.has(message.type)) {
      throw new ProtocolError('A message arrived on the data socket that may only use the channel.');
    }
    if (!this.#violated) this.#route(checked(message), byDataSocket);
  }

  /** Reports a violation that was detected elsewhere. */
  violate(error: unknown): void {
    if (this.#violated) return;
    this.#violated = true;
    this.#options.onViolation(
      error instanceof ProtocolError ? error : new ProtocolError(describeReason(error), { cause: error }),
    );
  }

  #receiveBatch({ rows }: Partial<Batch>): void {
    if (!Array.isArray(rows)) throw new ProtocolError('The field rows of a batch is malformed.');
    readRows(rows, this.#rows);
  }

  #receiveOne(message: { type: Message['type'] }, arrival: Arrival): void {
    if (this.#isNew()) this.#take(message, arrival);
  }

  /** Handles a row, which `readRows` has checked and which exports nothing. */
  #receiveRow(message: RowMessage): void {
    if (!this.#isNew()) return;
    this.#options.dispatch(message, byChannel);
    this.#options.afterMessage(message);
  }

  /** Counts a message from the channel. Returns `false` if its copy was handled ahead of it. */
  #isNew(): boolean {
    if (this.#violated || this.#arrived++ < this.#received) return false;
    this.#received++;
    return true;
  }

  #take(given: { type: Message['type'] }, arrival: Arrival): void {
    const message = checked(given);
    try {
      this.#route(message, arrival);
    } finally {
      this.#options.afterMessage(message);
    }
  }

  #route(message: Message, arrival: Arrival): void {
    const { coded } = message as { coded?: Coded };
    this.#options.arrive(coded);
    try {
      this.#options.dispatch(message, arrival);
    } finally {
      this.#options.account(coded);
    }
  }
}

/** @throws {ProtocolError} if the message is malformed */
function checked(message: { type: Message['type'] }): Message {
  const field = findMalformedField(message);
  if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
  return message as Message;
}
