import { markedBy } from '../../codec/by-reference.js';
import type { ResultExchange } from '../../codec/result-codec.js';
import { PipelineError } from '../../errors.js';
import { instrumentation } from '../../instrumentation.js';
import type { ResultInvoke, TraceFields } from '../../protocol.js';
import { AwaitedResult, type CallOutcome, type ResultKeeper } from '../calls/serve.js';
import { serveInSpan } from '../calls/server-span.js';
import type { Handlers, SessionApi, SessionPart } from '../part.js';
import { classNameOf } from './shapes.js';

export interface KeptResultsOptions {
  /** Calls a method of a result as the other side may. */
  run(value: unknown, method: string, args: unknown[]): unknown;
}

/** The result of a call, kept for calls that need it and were made before it arrived. */
class KeptResult extends AwaitedResult {
  #outcome: CallOutcome | undefined;
  readonly #waiting: (() => void)[] = [];

  settle(outcome: CallOutcome): void {
    this.#outcome = outcome;
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Calls back with the value: immediately if it is there, so that calls keep their order. */
  use(method: string, run: (value: unknown) => unknown): unknown {
    const outcome = this.#outcome;
    if (outcome && 'value' in outcome) return run(outcome.value);
    if (outcome) throw PipelineError.of(method, outcome.error);
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        try {
          resolve(this.use(method, run));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }
}

/** The results of calls, each until the other side has heard of it: methods may be called on them, and they may be arguments. */
export class KeptResults implements ResultKeeper, ResultExchange, SessionPart {
  readonly handlers: Handlers;
  readonly #options: KeptResultsOptions;
  readonly #byCall = new Map<number, KeptResult>();
  /** The calls that have been answered, in order. */
  #answered: number[] = [];
  #link!: SessionApi;

  constructor(options: KeptResultsOptions) {
    this.#options = options;
    this.handlers = {
      'result-invoke': (message) => this.#serve(message),
      'results-read': ({ callId }) => this.#forget(callId),
    };
  }

  attach(link: SessionApi): void {
    this.#link = link;
    link.server.keeper = this;
  }

  open(callId: number): void {
    this.#byCall.set(callId, new KeptResult());
  }

  answered(callId: number, outcome: CallOutcome): void {
    const kept = this.#byCall.get(callId);
    if (!kept) return;
    this.#answered.push(callId);
    const { value } = outcome as { value?: unknown };
    const marked = typeof value === 'object' && value !== null ? markedBy(value) : undefined;
    kept.settle(marked ? { value: marked.value } : outcome);
  }

  isResult(): boolean {
    return false;
  }

  locate(): never {
    throw new TypeError('Results of this side do not cross before they arrive.');
  }

  find(callId: number): KeptResult {
    const kept = this.#byCall.get(callId);
    if (kept) return kept;
    const gone = new KeptResult();
    gone.settle({ error: new TypeError('the result was not kept') });
    return gone;
  }

  close(): void {
    this.#byCall.clear();
    this.#answered = [];
  }

  #serve({ callId, resultOf, method, args, coded, trace }: ResultInvoke): void {
    const base = this.find(resultOf);
    this.#link.server.serve({ type: 'call-result', callId }, method, args, coded, (values) =>
      base.use(method, (value) => this.#run(value, method, values, trace)),
    );
  }

  #run(value: unknown, method: string, args: unknown[], trace: TraceFields | undefined): unknown {
    if (!instrumentation.current) return this.#options.run(value, method, args);
    const className = typeof value === 'object' && value !== null ? classNameOf(value) : undefined;
    return serveInSpan({ className, method, trace, isTrusted: true }, () => this.#options.run(value, method, args));
  }

  #forget(callId: number): void {
    const count = this.#answered.indexOf(callId) + 1;
    for (const id of this.#answered.splice(0, count)) this.#byCall.delete(id);
  }
}
