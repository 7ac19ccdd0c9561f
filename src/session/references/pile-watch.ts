import { warn } from '../../warnings.js';

/** The least number of objects of one class that counts as many. */
const MANY = 1000;

export interface PileWatchOptions {
  /** The most objects at a time. */
  limit: number;
  /** Drops the objects that are garbage. Returns how many of each class are left. */
  countHeld(): ReadonlyMap<string, number>;
}

/**
 * Warns when many objects of one class are held. Only garbage collection shows which of them are in use, and it is not forced for
 * this: once there are many, the watch waits for the next one.
 */
export class PileWatch {
  readonly #options: PileWatchOptions;
  readonly #many: number;
  readonly #collections = new FinalizationRegistry<undefined>(() => this.#check());
  /** How many objects there must be for the next check. Infinity while it waits for a garbage collection. */
  #next: number;

  constructor(options: PileWatchOptions) {
    this.#options = options;
    this.#many = Math.min(MANY, Math.ceil(options.limit / 2));
    this.#next = this.#many;
  }

  /** Call it when there may be more objects than before. */
  look(size: number): void {
    if (size < this.#next) return;
    this.#next = Infinity;
    // Nothing holds this object, so that the next garbage collection finalizes it.
    this.#collections.register({}, undefined);
  }

  #check(): void {
    const counts = this.#options.countHeld();
    let size = 0;
    for (const [className, count] of counts) {
      size += count;
      if (count >= this.#many) warn('PROCXY_MANY_REFERENCES', describe(className, count));
    }
    this.#next = Math.max(this.#many, 2 * size);
  }
}

function describe(className: string, count: number): string {
  return (
    `This process holds ${count} references to ${className === '' ? 'objects without a class' : `objects of the class ${className}`}, and none of them is garbage. ` +
    'Release each with $release() or `using` when it is no longer needed. $stats() counts references by class.'
  );
}
