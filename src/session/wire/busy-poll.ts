import { now, setImmediate } from '../../clock.js';

/** A turn of an idle event loop takes some µs. One that took so long was held up by whoever else needs the core, in ms. */
const HELD_UP = 1;
/** For so long it is left to them, in ms. */
const PAUSE = 100;

/**
 * Keeps the event loop turning for a while after a message, so that the next one finds this process awake: waking a process
 * up takes longer than all else of a small call. With one core it would only keep the other side from running.
 */
export class BusyPoll {
  readonly #duration: number;
  // Not imported: most processes have no use for it, and it takes time to load.
  readonly #hasCore = process.getBuiltinModule('node:os').availableParallelism() > 1;
  #until = 0;
  #isTurning = false;
  #lastTurn = 0;

  /** @param duration µs */
  constructor(duration: number) {
    this.#duration = duration / 1000;
  }

  /** To be called when a message has come or gone. */
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
