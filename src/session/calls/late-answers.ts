import { ProtocolError } from '../../errors.js';

/**
 * The calls that were given up, by a time limit, a signal or the end, after they were sent. Their answers may still arrive, and are
 * dropped. Any other answer to a call that is not open breaks the protocol.
 */
export class LateAnswers {
  /** With what is to happen when the answer is there. */
  readonly #expected = new Map<number, (() => void) | undefined>();

  expect(callId: number, onDone?: () => void): void {
    this.#expected.set(callId, onDone);
  }

  /** @throws {ProtocolError} when the call was never made, or has its answer */
  drop(callId: number): void {
    const onDone = this.#expected.get(callId);
    if (!this.#expected.delete(callId)) {
      throw new ProtocolError(`A result arrived for the call ${callId}, which is not open.`);
    }
    onDone?.();
  }
}
