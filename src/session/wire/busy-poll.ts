import { now, setImmediate } from '../../clock.js';

/** A turn of an idle event loop takes some µs. A turn this long means that another process needs the core. In ms. */
const HELD_UP = 1;
/** How long to leave the core to other processes, in ms. */
const PAUSE = 100;

/**
 * Keeps the event loop turning for a while after a message, so that the next one finds this process awake. Waking a process
 * takes longer than the rest of a small call. On a single core, this would only keep the other side from running.
 */
export class BusyPoll {
  readonly #duration: number;
  // Not imported: few processes need `node:os`, and loading it takes time.
  readonly #hasCore = process.getBuiltinModule('node:os').availableParallelism() > 1;
  #until = 0;
  #isTurning = false;
  #lastTurn = 0;

  /** @param duration µs */
  constructor(duration: number) {
    this.#duration = duration / 1000;
  }

  /** Call it when a message arrives or is sent. */
  keepAwake(): void {
    if (!this.#hasCore) return;
    const time = now();
    if (time < this.#until - this.#duration) return;
    this.#until = time + this.#duration;
    if (this.#isTurning) return;
    this.#isTurning = true;
    this.#lastTurn = time;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const time = now();
    const heldUp = time - this.#lastTurn > HELD_UP;
    this.#lastTurn = time;
    if (heldUp) this.#until = time + PAUSE + this.#duration;
    this.#isTurning = !heldUp && time < this.#until;
    if (this.#isTurning) setImmediate(this.#turn);
  };
}
