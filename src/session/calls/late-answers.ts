import { ProtocolError } from '../../errors.js';

/**
 * The calls that were given up, by a time limit, a signal or the end, after they were sent. Their answers may still arrive, and are
 * dropped. Any other answer to a call that is not open breaks the protocol.
 */
export class LateAnswers {
  readonly #expected = new Set<number>();

  expect(callId: number): void {
    this.#expected.add(callId);
  }

  /** @throws {ProtocolError} when the call was never made, or has its answer */
  drop(callId: number): void {
    if (!this.#expected.delete(callId)) {
      throw new ProtocolError(`A result arrived for the call ${callId}, which is not open.`);
    }
  }
}
