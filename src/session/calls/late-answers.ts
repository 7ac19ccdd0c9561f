import { ProtocolError } from '../../errors.js';

/**
 * Calls that were sent and then given up, because of a time limit, a signal or the end. Answers to them may still arrive, and are
 * dropped. Any other answer to a call that is not open breaks the protocol.
 */
export class LateAnswers {
  /** Each with the function to call when its answer arrives. */
  readonly #expected = new Map<number, (() => void) | undefined>();

  expect(callId: number, onDone?: () => void): void {
    this.#expected.set(callId, onDone);
  }

  /** @throws {ProtocolError} if the call was never made, or was answered already */
  drop(callId: number): void {
    const onDone = this.#expected.get(callId);
    if (!this.#expected.delete(callId)) {
      throw new ProtocolError(`A result arrived for the call ${callId}, which is not open.`);
    }
    onDone?.();
  }
}
