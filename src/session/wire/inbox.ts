import type { ArrivedHandle } from '../../channel/channel.js';
import { describeReason, ProtocolError } from '../../errors.js';
import type { Batch, Coded, Message } from '../../protocol.js';
import { findMalformedField, isOurs } from './message-shape.js';
import { readRows, type RowMessage } from './rows.js';

/** What comes by the data socket, besides bytes. */
const asideTypes = new Set<Message['type']>(['stream-data', 'stream-end']);

/** How a message has come. */
export interface Arrival {
  readonly way: 'channel' | 'data-socket';
  /** Comes with a `handle-transfer` only. */
  readonly handle?: ArrivedHandle | undefined;
}

const byChannel: Arrival = { way: 'channel' };
const byDataSocket: Arrival = { way: 'data-socket' };

export interface InboxOptions {
  /** Hands a sound message to the part that it concerns. @throws {ProtocolError} */
  dispatch(message: Message, arrival: Arrival): void;
  /** A message has come that exports these; */
  arrive(coded: Coded | undefined): void;
  /** and has been dealt with. */
  account(coded: Coded | undefined): void;
  /** The channel has brought a message, and it has been dealt with. */
  afterMessage(message: Message): void;
  /** The other side broke the protocol; nothing more is read from it. Called at most once. */
  onViolation(error: ProtocolError): void;
}

/**
 * Reads what arrives: takes batches apart, checks the shape of each message, and counts them. A message may come by the channel, ahead
 * of the channel (with an invocation for which the other side blocks), or aside (on the data socket).
 */
export class Inbox {
  readonly #options: InboxOptions;
  /** How many messages the channel has brought, and how many were taken: some came ahead of it. */
  #arrived = 0;
  #received = 0;
  #violated = false;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** How many messages have been taken. */
  get received(): number {
    return this.#received;
  }

  /** Takes what the channel brings. Never throws: what breaks the protocol is a violation. */
  receive(message: object, handle: ArrivedHandle | undefined): void {
    if (this.#violated) return;
    try {
      if ((message as Partial<Batch>).type === 'batch') this.#receiveBatch(message);
      else if (isOurs(message)) this.#receiveOne(message, handle ? { way: 'channel', handle } : byChannel);
    } catch (error) {
      this.violate(error);
    }
  }

  /**
   * Takes messages of the channel ahead of it, as far as it has not brought them.
   * @param from how many messages were sent before the first of them
   */
  receiveEarly(from: number, messages: readonly unknown[]): void {
    for (const message of messages.slice(Math.max(this.#received - from, 0))) {
      if (!isOurs(message)) throw new ProtocolError('What came early is no message.');
      this.#received++;
      this.#take(message, byChannel);
    }
  }

  /** Takes a message of the data socket: items of streams. */
  receiveAside(message: unknown): void {
    if (!isOurs(message) || !asideTypes.has(message.type)) {
      throw new ProtocolError('A message arrived on the data socket that belongs to the channel.');
    }
    if (!this.#violated) this.#route(checked(message), byDataSocket);
  }

  /** To be called for a violation that was seen elsewhere. */
  violate(error: unknown): void {
    if (this.#violated) return;
    this.#violated = true;
    this.#options.onViolation(
      error instanceof ProtocolError ? error : new ProtocolError(describeReason(error), { cause: error }),
    );
  }

  #receiveBatch({ rows }: Partial<Batch>): void {
    if (!Array.isArray(rows)) throw new ProtocolError('The field rows of a batch is malformed.');
    readRows(rows, {
      message: (message) => {
        if (!isOurs(message)) throw new ProtocolError('A batch holds what is no message.');
        this.#receiveOne(message, byChannel);
      },
      row: (message) => this.#receiveRow(message),
    });
  }

  #receiveOne(message: { type: Message['type'] }, arrival: Arrival): void {
    if (this.#isNew()) this.#take(message, arrival);
  }

  /** A row is sound as it is read, and exports nothing. */
  #receiveRow(message: RowMessage): void {
    if (!this.#isNew()) return;
    this.#options.dispatch(message, byChannel);
    this.#options.afterMessage(message);
  }

  /** Counts a message that the channel has brought; whether it had not come ahead. */
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

/** @throws {ProtocolError} when it is malformed */
function checked(message: { type: Message['type'] }): Message {
  const field = findMalformedField(message);
  if (field !== undefined) throw new ProtocolError(`The field ${field} of a ${message.type} is malformed.`);
  return message as Message;
}
