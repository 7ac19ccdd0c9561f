import { clearTimeout, setTimeout } from '../clock.js';

/** How many bytes are kept for copies of bytes that are being written. */
const KEPT_BYTES = 16 * 1024 * 1024;
/** How long the memory is kept while nothing uses it, in ms. */
const IDLE_TIME = 1000;

/** A copy of bytes, which the user may change meanwhile. */
export interface Staged {
  readonly bytes: Buffer;
  /** Call it when the copy is not needed any more. */
  release(): void;
}

/**
 * Memory for copies of bytes until they are written, for all sockets of this process. Fresh memory would take longer than the
 * copy itself, since the system must provide each page of it. Copies lie one after the other:
 *
 *     in use                      free
 *     ┌────────┬────┬────────────┬──────────────────────────┐
 *     │ copy   │    │ copy       │                          │      when all are released, it begins at the start again
 *     └────────┴────┴────────────┴──────────────────────────┘
 *                                 #used
 */
export class Staging {
  #memory: Buffer | undefined;
  #used = 0;
  #copies = 0;
  #timer: NodeJS.Timeout | undefined;

  /** The size of the memory that is kept now, in bytes. */
  get kept(): number {
    return this.#memory?.length ?? 0;
  }

  copy(given: Uint8Array): Staged {
    const { byteLength } = given;
    if (this.#used + byteLength > KEPT_BYTES) return { bytes: fresh(given), release: () => {} };
    this.#memory ??= Buffer.allocUnsafeSlow(KEPT_BYTES);
    const bytes = this.#memory.subarray(this.#used, this.#used + byteLength);
    bytes.set(given);
    this.#used += byteLength;
    this.#copies++;
    clearTimeout(this.#timer);
    let isReleased = false;
    const release = (): void => {
      if (!isReleased) this.#release();
      isReleased = true;
    };
    return { bytes, release };
  }

  #release(): void {
    if (--this.#copies > 0) return;
    this.#used = 0;
    this.#timer = setTimeout(() => (this.#memory = undefined), IDLE_TIME);
    this.#timer.unref();
  }
}

export const staging = new Staging();

function fresh(given: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafeSlow(given.byteLength);
  bytes.set(given);
  return bytes;
}
