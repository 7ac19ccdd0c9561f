import type { CallOptions, CallTarget, Settle } from '../session/calls/open-call.js';
import { PipelinedResult, type Asking } from '../session/calls/pipelined-result.js';
import { RemoteResult } from '../session/calls/remote-result.js';

/** Makes the promises of calls. If {@link pipelines} is true, methods can be called on a result before it has arrived. */
export abstract class CallMaker {
  abstract readonly pipelines: boolean;

  /** @param target the owner of the method. Absent: the instance */
  call(method: string, args: readonly unknown[], options: CallOptions, target?: CallTarget): Promise<unknown> {
    if (this.pipelines) {
      return PipelinedResult.open((settle) => this.openPipelined(method, args, options, settle, target), args);
    }
    return new RemoteResult((resolve, reject) => void this.open(method, args, options, { resolve, reject }, target));
  }

  /** Does the same for a caller that has a promise already. */
  abstract open(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target?: CallTarget,
  ): unknown;

  /** Returns how to call methods of the result. Returns `undefined` if they have to wait for the result. */
  openPipelined(
    method: string,
    args: readonly unknown[],
    options: CallOptions,
    settle: Settle,
    target?: CallTarget,
  ): Asking | undefined {
    this.open(method, args, options, settle, target);
    return undefined;
  }
}
