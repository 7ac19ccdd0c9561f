import { clearTimeout, setTimeout } from '../../clock.js';
import type { Message } from '../../protocol.js';
import type { SessionApi, SessionPart } from '../part.js';
import { withoutValue } from '../wire/parcel.js';

/** How many results the other side keeps that this side has read, */
const MOST = 64;
/** and for how long, in ms. */
const LONGEST = 100;

/**
 * Tells the other side which results have been read, so that it does not have to keep them. It does so seldom, since ordinary
 * calls pay for it.
 */
export class ReadResults implements SessionPart {
  readonly handlers = {};
  #link!: SessionApi;
  #unsaid = 0;
  #last = 0;
  #timer: NodeJS.Timeout | undefined;

  attach(link: SessionApi): void {
    this.#link = link;
  }

  afterMessage(message: Message): void {
    if (message.type !== 'call-result') return;
    this.#last = message.callId;
    if (++this.#unsaid >= MOST) this.#say();
    else this.#timer ??= setTimeout(() => this.#say(), LONGEST).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#unsaid = 0;
  }

  /** In order with calls: calls that wait to be sent may need the results. */
  #say(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#unsaid === 0 || this.#link.isOver()) return;
    this.#unsaid = 0;
    this.#link.sendValue(withoutValue({ type: 'results-read', callId: this.#last }));
  }
}
