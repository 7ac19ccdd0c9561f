import { PipelineError, SerializationError } from '../../errors.js';
import type { UntypedFunction } from '../../types/any-function.js';
import type { OpenCall, ResultTarget, Settle } from './open-call.js';
import { RemoteResult } from './remote-result.js';

/** Calls a method of a result that has not arrived. `boundary` is the function that the user calls. */
export type AskResult = (
  target: ResultTarget,
  method: string,
  args: readonly unknown[],
  boundary: UntypedFunction,
) => Promise<unknown>;

/** A call that has been made, and the function that makes calls on its result. */
export interface Asking {
  readonly call: OpenCall;
  readonly ask: AskResult;
}

/** Names that code reads to recognize another kind of object. A result has no such methods. */
const never = new Set(['next', 'return', 'throw', 'pipe', 'subscribe', 'toJSON', 'asymmetricMatch']);

/**
 * A result on which methods can be called before it has arrived: they are sent at once, and run after it.
 *
 * Its methods are unknown, so the chain of its prototypes ends in a Proxy. The members of promises are found before that, so that
 * ordinary use of a result costs nothing.
 */
export class PipelinedResult extends RemoteResult<unknown> {
  /** `undefined` for a call that waits to be made. */
  #asking: Asking | undefined;
  #outcome: { value: unknown } | { error: unknown } | undefined;

  static {
    for (const level of [Object.prototype, Promise.prototype, RemoteResult.prototype]) {
      for (const key of Reflect.ownKeys(level)) {
        if (key === 'constructor' || key === '__proto__') continue;
        // Configurable, even if the built-in ones are frozen: a later level replaces members of an earlier one.
        const member = Object.getOwnPropertyDescriptor(level, key);
        Object.defineProperty(this.prototype, key, { ...member, configurable: true });
      }
    }
    Object.defineProperty(this.prototype, 'constructor', { value: Promise, configurable: true, writable: true });
    const { prototype: base } = RemoteResult;
    const end = new Proxy(base, {
      get: (_target, key, result) =>
        typeof key === 'string' && !never.has(key) && !key.startsWith('_') && !key.startsWith('$') && #outcome in result
          ? PipelinedResult.#method(result, key)
          : undefined,
      has: (_target, key) => key in base,
      getPrototypeOf: () => base,
    });
    Object.setPrototypeOf(this.prototype, end);
  }

  /**
   * @param open makes the call that gives the result, if it can be made at once
   * @param args the arguments of the call. It waits for results among them whose own calls wait to be made
   */
  static open(open: (settle: Settle) => Asking | undefined, args: readonly unknown[] = []): PipelinedResult {
    let settle!: Settle;
    const result = new PipelinedResult((resolve, reject) => (settle = { resolve, reject }));
    const outcome: Settle = {
      resolve(value) {
        result.#outcome = { value };
        settle.resolve(value);
      },
      reject(error) {
        result.#outcome = { error };
        settle.reject(error);
      },
    };
    const waiting = PipelinedResult.#waitingAmong(args);
    if (!waiting) result.#asking = open(outcome);
    // If one of them fails, the call rejects when it is made.
    else void Promise.allSettled(waiting).then(() => open(outcome));
    return result;
  }

  /** Returns the results among arguments whose own calls wait to be made. All results among them count as handled. */
  static #waitingAmong(args: readonly unknown[]): PipelinedResult[] | undefined {
    let waiting: PipelinedResult[] | undefined;
    for (const arg of args) {
      if (!PipelinedResult.isOne(arg)) continue;
      PipelinedResult.handle(arg);
      if (!arg.#asking && !arg.#outcome) (waiting ??= []).push(arg);
    }
    return waiting;
  }

  static isOne(value: unknown): value is PipelinedResult {
    return typeof value === 'object' && value !== null && #outcome in value;
  }

  /** Where the other side finds the result, or its value here. @throws {PipelineError} when its call has failed */
  static locate(result: PipelinedResult, method: string): { callId: number } | { value: unknown } {
    const outcome = result.#outcome;
    if (outcome && 'error' in outcome) throw PipelineError.of(method, outcome.error);
    if (outcome) return outcome;
    if (result.#asking) return { callId: result.#asking.call.id };
    throw new SerializationError('An argument is the result of a call that waits to be made. Await it first.', 'args');
  }

  /** The number of its call. */
  static idOf(result: PipelinedResult): number {
    return (result.#asking as Asking).call.id;
  }

  /** Marks a result as handled, because code has chained on it: the chained promise rejects. */
  static handle(result: PipelinedResult): void {
    Promise.prototype.then.call(result, undefined, () => {});
  }

  static #method(result: PipelinedResult, name: string): UntypedFunction {
    const call: UntypedFunction = (...args) => {
      PipelinedResult.handle(result);
      const outcome = result.#outcome;
      if (outcome && 'value' in outcome) {
        try {
          return Reflect.apply(methodOf(outcome.value, name), outcome.value, args) as unknown;
        } catch (error) {
          return Promise.reject(error as Error);
        }
      }
      const target: ResultTarget = { type: 'result', callId: () => callIdOf(result, name) };
      if (result.#asking) return result.#asking.ask(target, name, args, call);
      // It waits for its own turn.
      const later = result.then(
        (value) => Reflect.apply(methodOf(value, name), value, args) as unknown,
        (error: unknown) => {
          throw PipelineError.of(name, error);
        },
      );
      return PipelinedResult.open((settle) => {
        later.then(settle.resolve, settle.reject);
        return undefined;
      });
    };
    return call;
  }
}

/** @throws {TypeError} */
function methodOf(value: unknown, name: string): UntypedFunction {
  const method = (Object(value) as Record<string, unknown>)[name];
  if (typeof method === 'function') return method as UntypedFunction;
  throw new TypeError(`${name} is not a method of the result`);
}

/** The other side keeps the result until it hears that this side has read it. That message goes behind all messages that wait. */
function callIdOf(result: PipelinedResult, method: string): number {
  const place = PipelinedResult.locate(result, method);
  return 'callId' in place ? place.callId : PipelinedResult.idOf(result);
}
