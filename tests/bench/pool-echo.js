import echo from './contestants/pool-child.js';

/** Gives back what it gets. */
export class Echo {
  /** @param {unknown} value */
  echo(value) {
    return echo(value);
  }
}
