/**
 * The two messages that end a stream, in whichever order they cross: `end` goes from source to sink, `close` from sink to source.
 *
 *                end            close
 *     nothing ─────────▶ end ──────────▶ both
 *        │     close              end      ▲
 *        └─────────────▶ close ────────────┘
 */
export class ClosingHandshake {
  readonly #onBoth: () => void;
  #crossed: 'nothing' | 'end' | 'close' | 'both' = 'nothing';

  /** @param onBoth called once, when both messages have crossed and the stream can be forgotten */
  constructor(onBoth: () => void) {
    this.#onBoth = onBoth;
  }

  has(message: 'end' | 'close'): boolean {
    return this.#crossed === message || this.#crossed === 'both';
  }

  cross(message: 'end' | 'close'): void {
    if (this.has(message)) return;
    this.#crossed = this.#crossed === 'nothing' ? message : 'both';
    if (this.#crossed === 'both') this.#onBoth();
  }
}
