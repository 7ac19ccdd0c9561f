import { ProtocolError } from '../../errors.js';

/** How many messages of one stream may wait for their other half. */
const MOST = 4096;

type Take = () => void;

/**
 * Merges the two ways by which one stream may come. A message that goes by the channel leaves a mark on the data socket, in its
 * place among the bytes. The first of the two to arrive, message or mark, waits for the other. The window limits what may wait.
 */
export class ArrivalOrder {
  /** Arrivals by the data socket behind a mark (`undefined`) whose message has not come. The first is always a mark. */
  readonly #held: (Take | undefined)[] = [];
  /** Messages that came by the channel before their marks. */
  readonly #early: Take[] = [];

  /** Takes an arrival by the data socket in its turn. */
  aside(take: Take): void {
    if (this.#held.length === 0) take();
    else add(this.#held, take);
  }

  /** A mark has come by the data socket: the next message of the channel belongs here. */
  mark(): void {
    const take = this.#early.shift();
    if (take) take();
    else add(this.#held, undefined);
  }

  /** Takes a message of the channel in its turn. */
  message(take: Take): void {
    if (this.#held.length === 0) return add(this.#early, take);
    this.#held.shift();
    take();
    while (this.#held[0]) this.#held.shift()?.();
  }
}

function add<T>(list: T[], entry: T): void {
  if (list.length === MOST)
    throw new ProtocolError(`More than ${MOST} messages of a stream came by one way without their other half.`);
  list.push(entry);
}
