/** Gives back what it gets. */
export class Echo {
  /** @param {unknown} value */
  echo(value) {
    return value;
  }
}
