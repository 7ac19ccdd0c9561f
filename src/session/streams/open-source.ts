import { ProtocolError, SerializationError } from '../../errors.js';
import type { StreamClose, StreamStep } from '../../protocol.js';
import { ClosingHandshake } from './closing-handshake.js';
import { carried, measures, WINDOW, type Flow } from './flow.js';
import { readOutcome, readValue } from './read-message.js';
import { Source, type Producer } from './source.js';
import type { StreamLink } from './stream-link.js';
import type { StreamSender } from './stream-sender.js';

/** A stream that this side produces: passes messages from the other side's sink to its source. */
export class OpenSource {
  readonly role = 'source';
  readonly end: Source;
  readonly #id: number;
  readonly #link: StreamLink;
  readonly #closing: ClosingHandshake;
  /** Whether the sink has asked for items. Before that, the data socket may overtake the message that exports the stream. */
  #isAsked = false;

  constructor(id: number, flow: Flow, producer: Producer, sender: StreamSender, link: StreamLink) {
    this.#id = id;
    this.#link = link;
    this.#closing = new ClosingHandshake(() => link.forget(id));
    const source: Source = new Source({
      ...measures[flow],
      producer,
      window: WINDOW,
      output: {
        data: (items, answer, whole) => {
          const batch = items.map((item) => carried(link.codec, flow, item));
          sender.send(flow, id, { items: batch, answer, whole, producer, source });
        },
        end: (outcome, answer) => {
          if (!link.isOpen(id)) return;
          const value = outcome.failed ? outcome.value : carried(link.codec, flow, outcome.value);
          sender.end(flow, id, { failed: outcome.failed, value }, { answer, isAsked: this.#isAsked });
          this.#closing.cross('end');
        },
      },
    });
    this.end = source;
  }

  pull(credit: number): void {
    this.#isAsked = true;
    this.end.pull(credit);
  }

  /** A value that this process cannot read ends only the stream. */
  step({ method, value, coded }: StreamStep): void {
    this.#isAsked = true;
    try {
      this.end.step(method, readValue(this.#link.codec, value, coded));
    } catch (error) {
      if (!(error instanceof SerializationError)) throw error;
      this.end.fail(error);
    }
  }

  receiveClose(message: StreamClose): void {
    if (this.#closing.has('close')) throw new ProtocolError(`The stream ${this.#id} was closed twice.`);
    this.end.close(readOutcome(this.#link.codec, message));
    this.#closing.cross('close');
  }
}
