/** Counts the streams that code on this side waits for. */
export class Waiting {
  readonly #onBusy: (busy: boolean) => void;
  #count = 0;

  /** @param onBusy called when the first wait begins and when the last one ends */
  constructor(onBusy: (busy: boolean) => void) {
    this.#onBusy = onBusy;
  }

  /** Makes the switch of one stream. It may be set to the same value repeatedly. */
  switch(): (waiting: boolean) => void {
    let before = false;
    return (waiting) => {
      if (waiting === before) return;
      before = waiting;
      this.#count += waiting ? 1 : -1;
      if (this.#count === (waiting ? 1 : 0)) this.#onBusy(waiting);
    };
  }
}
