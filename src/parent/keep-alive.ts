import { clearInterval, MAX_DELAY, setInterval, setTimeout } from '../clock.js';

/** How long an idle worker still keeps this process alive, in ms. */
const RELEASE_DELAY = 10;

/**
 * Counts what waits for a worker, and keeps this process alive meanwhile.
 *
 * | state   | holds | kept alive | next                                                   |
 * | ------- | ----- | ---------- | ------------------------------------------------------ |
 * | idle    | 0     | no         | held, by `hold()`                                      |
 * | held    | ≥ 1   | yes        | leaving, when the last hold is released                |
 * | leaving | 0     | yes        | idle, after {@link RELEASE_DELAY}; or held, by `hold()` |
 * | over    | any   | no         | none                                                   |
 */
export class KeepAlive {
  readonly #set: (alive: boolean) => void;
  #state: 'idle' | 'held' | 'leaving' | 'over' = 'idle';
  #holds = 0;
  /** Whether the timer of {@link RELEASE_DELAY} runs. A sequence of calls starts it only once. */
  #hasTimer = false;

  /** @param set sets whether the worker keeps this process alive */
  constructor(set: (alive: boolean) => void) {
    this.#set = set;
    set(false);
  }

  hold(): void {
    if (this.#holds++ > 0 || this.#state === 'over') return;
    if (this.#state === 'idle') this.#set(true);
    this.#state = 'held';
  }

  release(): void {
    if (--this.#holds > 0 || this.#state !== 'held') return;
    this.#state = 'leaving';
    if (this.#hasTimer) return;
    this.#hasTimer = true;
    setTimeout(() => this.#leave(), RELEASE_DELAY).unref();
  }

  /** The worker has ended. */
  close(): void {
    if (this.#state === 'held' || this.#state === 'leaving') this.#set(false);
    this.#state = 'over';
  }

  #leave(): void {
    this.#hasTimer = false;
    if (this.#state !== 'leaving') return;
    this.#state = 'idle';
    this.#set(false);
  }
}

/** Keeps this process alive by a timer, for a worker that has no handle in its event loop. The timer ends when `ended` resolves. */
export function keepAliveByTimer(ended: Promise<unknown>): KeepAlive {
  const timer = setInterval(() => {}, MAX_DELAY);
  const keepAlive = new KeepAlive((alive) => (alive ? timer.ref() : timer.unref()));
  void ended.then(() => {
    keepAlive.close();
    clearInterval(timer);
  });
  return keepAlive;
}
