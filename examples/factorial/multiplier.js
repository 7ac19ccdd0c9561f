/** Multiplies whole numbers, in one go: whose process does it, does nothing else meanwhile. */
export class Multiplier {
  /**
   * The product of all whole numbers from `first` to `last`.
   *
   * @param {bigint} first
   * @param {bigint} last
   */
  productOfRange(first, last) {
    let product = 1n;
    for (let factor = first; factor <= last; factor++) product *= factor;
    return product;
  }
}
