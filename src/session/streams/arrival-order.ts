import { ProtocolError } from '../../errors.js';

/** More than this of one stream is never under way between the two ways, whatever its window holds. */
const MOST = 4096;

type Take = () => void;

/**
 * Puts together what comes of one stream by two ways. A message that goes by the channel leaves a mark on the data socket, in its
 * place among the bytes; what comes first, message or mark, waits for the other. How much may wait is the window's business.
 */
export class ArrivalOrder {
  /** What has come by the data socket, behind a mark (`undefined`) whose message has not. The first is always a mark. */
  readonly #held: (Take | undefined)[] = [];
  /** What has come by the channel before its mark. */
  readonly #early: Take[] = [];

  /** By the data socket. */
  aside(take: Take): void {
    if (this.#held.length === 0) take();
    else add(this.#held, take);
  }

  /** By the data socket: here is the place of the next message of the channel. */
  mark(): void {
    const take = this.#early.shift();
    if (take) take();
    else add(this.#held, undefined);
  }

  /** By the channel. */
  message(take: Take): void {
    if (this.#held.length === 0) return add(this.#early, take);
    this.#held.shift();
    take();
    while (this.#held[0]) this.#held.shift()?.();
  }
}

function add<T>(list: T[], entry: T): void {
  if (list.length === MOST) throw new ProtocolError('More of a stream came by one way than it can hold.');
  list.push(entry);
}
