import { afterReading } from '../after-reading.js';
import { clearTimeout, setTimeout } from '../clock.js';
import { ProtocolError } from '../errors.js';
import type { BusMessage } from './nats.js';
import { decodeOffer, encodeJson, type Offer, type Question } from './offers.js';
import { randomId } from './subjects.js';

/** ms to wait for the first answer of a host. */
export const FIRST_ANSWER = 2000;
/** ms until the question is asked again, in case it was lost. */
const ASK_AGAIN = 250;
/** A process that is blocked for longer than all of them asks as often as others, and so hears the hosts. */
const TIMES_ASKED = FIRST_ANSWER / ASK_AGAIN;
/** ms to wait for further answers, once a host has offered to take the instance. */
const MORE_ANSWERS = 10;
/** The most bytes of answers to a question that are kept. A hostile host can answer in the name of any number of hosts. */
const MAX_ANSWERS = 8 * 1024 * 1024;

/** A question that waits for answers. */
interface Open {
  readonly subject: string;
  receive(message: BusMessage): void;
  fail(error: Error): void;
}

/** A question that equal ones may join. */
interface Joinable {
  readonly offers: Promise<Offer[]>;
  hasAnswer(): boolean;
}

/** Asks hosts, and collects what they answer. */
export class Questions {
  readonly #open = new Map<string, Open>();
  /** By subject and content. */
  readonly #joinable = new Map<string, Joinable>();
  readonly #publish: (subject: string, data: Buffer, id: string) => void;

  /** @param publish sends a question. Answers to it have `id` in their subject */
  constructor(publish: (subject: string, data: Buffer, id: string) => void) {
    this.#publish = publish;
  }

  /** Equal questions at the same time are asked as one, because hosts limit how many they answer. */
  ask(subject: string, question: Question, isGood: (offer: Offer) => boolean): Promise<Offer[]> {
    const key = `${subject} ${JSON.stringify(question)}`;
    const same = this.#joinable.get(key);
    if (!same) return this.#ask(key, subject, question, isGood);
    // An answer that has come already may be out of date for the one who asks now.
    return same.hasAnswer() ? same.offers.then(() => this.ask(subject, question, isGood)) : same.offers;
  }

  #ask(key: string, subject: string, question: Question, isGood: (offer: Offer) => boolean): Promise<Offer[]> {
    const id = randomId();
    /** By the ids of the hosts. */
    const offers = new Map<string, Offer>();
    let size = 0;
    const found = new Promise<Offer[]>((resolve, reject) => {
      let timesAsked = 0;
      let cancel = (): void => {};
      const after = (delay: number, action: () => void): void => {
        cancel();
        const timer = setTimeout(action, delay);
        cancel = () => clearTimeout(timer);
      };
      const stop = (): void => {
        cancel();
        this.#open.delete(id);
        this.#joinable.delete(key);
      };
      const finish = (): void => {
        stop();
        resolve([...offers.values()]);
      };
      // Answers that came while this process was blocked count too.
      const finishSoon = (): void => void (cancel = afterReading(finish));
      const publish = (): void => {
        if (timesAsked++ === TIMES_ASKED) return finishSoon();
        this.#publish(subject, encodeJson(question), id);
        after(ASK_AGAIN, publish);
      };
      let isSoon = false;
      const receive = ({ data, isRefusal }: BusMessage): void => {
        // Nobody listens to this subject now. A host may be connecting again.
        if (isRefusal || size + data.length > MAX_ANSWERS) return;
        const offer = readOffer(data);
        if (!offer || offers.has(offer.stats.id)) return;
        offers.set(offer.stats.id, offer);
        size += data.length;
        const wait = isGood(offer) ? MORE_ANSWERS : 10 * MORE_ANSWERS;
        if (isSoon || (offers.size > 1 && wait > MORE_ANSWERS)) return;
        isSoon = wait === MORE_ANSWERS;
        after(wait, finishSoon);
      };
      const fail = (error: Error): void => {
        stop();
        reject(error);
      };
      this.#open.set(id, { subject, receive, fail });
      try {
        publish();
      } catch (error) {
        // It is too long for the servers.
        fail(error as Error);
      }
    });
    if (this.#open.has(id)) this.#joinable.set(key, { offers: found, hasAnswer: () => offers.size > 0 });
    return found;
  }

  /** Reads an answer. Returns whether it belongs to a question. */
  receive(id: string, message: BusMessage): boolean {
    const question = this.#open.get(id);
    question?.receive(message);
    return question !== undefined;
  }

  /** The questions on a subject cannot be asked. Returns whether there are any. */
  fail(subject: string, error: Error): boolean {
    const failed = [...this.#open.values()].filter((each) => each.subject === subject);
    for (const each of failed) each.fail(error);
    return failed.length > 0;
  }
}

function readOffer(data: Buffer): Offer | undefined {
  try {
    return decodeOffer(data);
  } catch (error) {
    // An answer that cannot be read counts as none.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
