import type { ChildProcess } from 'node:child_process';
import type { Jsonify } from 'type-fest';
import type { CallOverrides } from './options.js';
import type { ExitStatus, ProcxyStats } from './stats.js';

type AnyFunction = (...args: never[]) => unknown;

/** Names that are called unasked, by `await`, `JSON.stringify` and test frameworks: a proxy has no such methods. */
type Probed = 'then' | 'toJSON' | 'asymmetricMatch';

/** What JSON leaves of a result; `undefined` and `this` are carried as they are. */
type Result<T, R> = R extends T ? Procxy<T> : R extends undefined | void ? R : Jsonify<R>;

type Method<T, F> = F extends (...args: infer A) => infer R ? (...args: A) => Promise<Result<T, Awaited<R>>> : never;

/** An instance of `T` that lives in a child process. */
export type Procxy<T> = {
  readonly [K in keyof T as K extends Probed ? never : T[K] extends AnyFunction ? K : never]: Method<T, T[K]>;
} & ProcxyControls<T>;

/** What every proxy has of its own. Nothing of this runs a method of the instance. */
export interface ProcxyControls<T> extends AsyncDisposable, Disposable {
  /**
   * Ends the child: open calls reject, the instance's `Symbol.asyncDispose` or `Symbol.dispose` runs, then
   * SIGTERM, then SIGKILL after `terminateTimeout`. Resolves when the process is gone; may be called again.
   */
  $terminate(): Promise<void>;
  /** The child process itself. */
  readonly $process: ChildProcess;
  /** Resolves when the child has ended, however it did. Never rejects. */
  readonly $exited: Promise<ExitStatus>;
  /** The same proxy, with other options for the calls made through it. */
  $with(options: CallOverrides): Procxy<T>;
  /** Reads a property or a getter in the child now. */
  $get<K extends keyof T & string>(name: K): Promise<Jsonify<T[K]>>;
  $get(name: string): Promise<unknown>;
  /** Counts what is open on both sides. */
  $stats(): Promise<ProcxyStats>;
}
