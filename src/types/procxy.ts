import type { ChildProcess } from 'node:child_process';
import type { AnyFunction } from './any-function.js';
import type { AsProperty, Config, IsMethod, ProbedMethod, Setting, SettingOf, SymbolKey } from './crossing.js';
import type { IsEmitter, ListenerMembers, LocalMethod } from './emitters.js';
import type { Iteration, Property, Readings, RemoteMethod } from './forms.js';
import type { CallOverrides } from './options.js';
import type { Instance } from './results.js';
import type { PassableHandle, SerializationMode } from './serializable.js';
import type { ExitStatus, ProcxyStats } from './stats.js';

/** Names that may be missing on a proxy. The compiler keeps all others without a look at the member. */
type OddName = symbol | keyof AnyProcxy | ProbedMethod | LocalMethod | `_${string}`;

/**
 * `K` where the proxy has that member too. As this depends on all of `S`, the compiler knows at once that proxies of a type parameter
 * with other settings differ, and compares no methods.
 */
type OddKey<T, K extends keyof T, S extends Setting> = K extends symbol | keyof AnyProcxy
  ? SymbolKey<T, K>
  : IsMethod<T[K]> extends true
    ? K extends ProbedMethod
      ? never
      : [K, IsEmitter<T>] extends [LocalMethod, true]
        ? never
        : K
    : S['mirror'] extends true
      ? K extends `_${string}`
        ? never
        : K
      : K & S['mirror'];

/** `K` where it names a method that runs in the child. It depends on all of `S`, as `OddKey` does. */
export type MethodKey<T, K extends keyof T, S extends Setting> = [IsMethod<T[K]>, S['mirror']] extends [true, unknown]
  ? K extends symbol | ProbedMethod
    ? never
    : [K, IsEmitter<T>] extends [LocalMethod, true]
      ? never
      : K
  : never;

/** A method may be optional: then it may be missing on the proxy too. */
type Member<V, T, S extends Setting> =
  IsMethod<V> extends true ? RemoteMethod<V, Viewed<T, S>, S> : Property<V, AsProperty<S>>;

interface Viewed<T, S extends Setting> extends Instance<T> {
  readonly proxy: View<T, S>;
}

/**
 * A proxy, by what decides its types. Its members map over `keyof T`, so that an editor finds the class's members and their documentation.
 * They have no name of their own: the compiler would work out how each named part varies with `S`, which takes it seconds here.
 */
type View<T, S extends Setting> = {
  readonly [
    K in keyof T as K extends OddName
      ? OddKey<T, K, S>
      : S['mirror'] extends true
        ? K
        : IsMethod<T[K]> extends true
          ? K
          : K & S['mirror']
  ]: Member<T[K], T, S>;
} & ListenerMembers<T> &
  Iteration<T, S> &
  Controls<T, S> &
  (S['handles'] extends true ? HandleReceiver : unknown);

/**
 * An instance of `T` that lives in a child process.
 * @typeParam T the class's instance type
 * @typeParam O the options it was made with, or just the serialization mode
 * @example
 * ```ts
 * async function count(primes: Procxy<Primes>): Promise<number> {
 *   return primes.countBelow(1000);
 * }
 * ```
 */
export type Procxy<T, O extends Config = 'json'> = View<T, SettingOf<O>>;

interface HandleReceiver {
  /**
   * Moves a socket, server or descriptor to the child and passes it to the instance. Depending on its kind, it goes to the first of
   * the methods `receiveSocket`, `setSocket`, `receiveServer`, `receiveDgramSocket` and `receiveFileDescriptor` that exists, else
   * to `receiveHandle(handle, id)`, else to the listeners of the `'handle'` event. Resolves when the instance has it.
   *
   * A socket then belongs to the child. A server or a datagram socket is shared until its sender closes it. The descriptor of a
   * regular file (Linux only) is opened again at the file's beginning, and closed here.
   * @throws {HandleTransferError} if the handle cannot be moved, or the instance does not accept it
   */
  $sendHandle(handle: PassableHandle, id?: string | number): Promise<void>;
}

/**
 * A proxy that accepts handles, with `$sendHandle()`.
 *
 * @example
 * ```ts
 * async function hand(servers: ProcxyWithHandle<Servers>, to: Socket): Promise<void> {
 *   await servers.$sendHandle(to);
 * }
 * ```
 */
export type ProcxyWithHandle<T, Mode extends SerializationMode = 'json'> = Procxy<
  T,
  { serialization: Mode; supportHandles: true }
>;

/**
 * The names of the methods that can be called on a proxy.
 *
 * @example
 * ```ts
 * type Names = ProcxiableMethodsOf<Primes>; // 'countBelow'
 * ```
 */
export type ProcxiableMethodsOf<T, Mode extends SerializationMode = 'json'> = Callable<T, Procxy<T, Mode>>;

type Callable<T, P> = {
  [K in keyof T]-?: IsMethod<T[K]> extends true
    ? K extends keyof P
      ? K extends LocalMethod | keyof AnyProcxy
        ? never
        : NonNullable<P[K]> extends AnyFunction
          ? K
          : never
      : never
    : never;
}[keyof T];

/**
 * The instance type of a proxy.
 *
 * @example
 * ```ts
 * type Instance = UnwrapProcxy<Procxy<Primes>>; // Primes
 * ```
 */
export type UnwrapProcxy<P> = P extends ProxyOf<infer T> ? T : never;

/**
 * The same as {@link UnwrapProcxy}, under its earlier name.
 *
 * @deprecated Use `UnwrapProcxy`.
 * @example
 * ```ts
 * type Instance = UnwrapProxy<Procxy<Primes>>; // Primes
 * ```
 */
export type UnwrapProxy<P> = UnwrapProcxy<P>;

/**
 * A proxy of any class with any options, for lists of proxies. None of its members calls a method of the instance.
 *
 * @example
 * ```ts
 * const children: AnyProcxy[] = [await procxy(Primes), await procxy(Texts)];
 * await Promise.all(children.map((child) => child.$terminate()));
 * ```
 */
export interface AnyProcxy extends AsyncDisposable, Disposable {
  /**
   * Ends the child. Open calls reject, the instance's `Symbol.asyncDispose` or `Symbol.dispose` method runs, and the child exits.
   * After `terminateTimeout`, it is killed with SIGKILL. Resolves when the process has ended. May be called repeatedly.
   */
  $terminate(): Promise<void>;
  /**
   * The child process itself, with the option `restart` the current one; `undefined` with `{ inProcess: true }` and with `host`.
   */
  readonly $process: ChildProcess | undefined;
  /** Where the instance is: the name of its host's machine, `undefined` for this machine, and its process id. */
  readonly $where: { readonly host: string | undefined; readonly pid: number | undefined };
  /** Resolves when the child has ended, however it did; with the option `restart` the current one. Never rejects. */
  readonly $exited: Promise<ExitStatus>;
  /**
   * ms since the last sign of life of the child's event loop, with the precision of `heartbeat.interval`. 0 if there has been one
   * just now. `undefined` without the option `heartbeat`.
   */
  readonly $blockedFor: number | undefined;
  /** How many times a new child has taken the place of one that had ended; `0` without the option `restart`. */
  readonly $restarts: number;
  /** Returns the same proxy with other options for the calls made through it. */
  $with(options: CallOverrides): AnyProcxy;
  /** Reads the current value of a property or getter in the child. */
  $get(name: string): Promise<unknown>;
  /** Updates all mirrored properties, including those that were too large before. */
  $refresh(): Promise<void>;
  /**
   * Releases a function that was passed to the child, or that came from it, before the garbage collector does. Calling it on the
   * other side then throws a {@link TerminatedError}. Returns whether the function had crossed.
   * @throws {OptionsValidationError} if it is not a function
   */
  $releaseCallback(fn: AnyFunction): boolean;
  /** Counts what is open on both sides. */
  $stats(): Promise<ProcxyStats>;
}

declare const instance: unique symbol;

interface ProxyOf<out T> extends AnyProcxy {
  /** Exists only in the type, not at run time. */
  readonly [instance]?: T;
}

type Controls<T, S extends Setting> = {
  readonly $process: S['process'];
  /** Returns the same proxy with other options for the calls made through it. */
  $with(options: CallOverrides): View<T, S>;
  /** Reads the current value of a property or getter in the child. */
  $get<K extends keyof Readings<T, S>>(name: K): Promise<Readings<T, S>[K]>;
} & ProxyOf<T>;

/**
 * The members that every proxy has. None of them calls a method of the instance.
 *
 * @example
 * ```ts
 * async function end(proxy: ProcxyControls<object>): Promise<void> {
 *   await proxy.$terminate();
 * }
 * ```
 */
export type ProcxyControls<T, O extends Config = 'json'> = Controls<T, SettingOf<O>>;
