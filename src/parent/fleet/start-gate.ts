import { availableParallelism } from 'node:os';

/**
 * Lets few processes start at a time: a start needs the CPU. If hundreds started at once, each would take longer than
 * `startTimeout`.
 */
export class StartGate {
  #free = 2 * availableParallelism();
  readonly #waiting: (() => void)[] = [];

  /** Resolves when one more may start. Call the resulting function when the start has used its CPU time. */
  async enter(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    let isInside = true;
    return () => {
      if (!isInside) return;
      isInside = false;
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free++;
    };
  }
}
