import type { AnyFunction } from './any-function.js';
import type { ChildProcess } from 'node:child_process';
import type { AsProperty, AsResult, Config, Crossing, MethodName, ProbedMethod, SettingOf } from './crossing.js';
import type { CallOverrides } from './options.js';
import type { Crossed, Crosses, RemoteMethod } from './forms.js';
import type { CannotCross, PassableHandle, SerializationMode } from './serializable.js';
import type { ExitStatus, ProcxyStats } from './stats.js';

/** Methods of an emitter that work with the listeners of this process, with the types that the class declares. */
type ListenerMethod =
  | 'on'
  | 'once'
  | 'off'
  | 'addListener'
  | 'removeListener'
  | 'removeAllListeners'
  | 'prependListener'
  | 'prependOnceListener'
  | 'listenerCount'
  | 'listeners'
  | 'rawListeners'
  | 'eventNames'
  | 'getMaxListeners'
  | 'setMaxListeners';

interface EmitterLike {
  on: AnyFunction;
  off: AnyFunction;
  emit: AnyFunction;
}

type IsEmitter<T> = T extends EmitterLike ? true : false;

/** The emitter methods of a class that do not call the child. */
type LocalName<T> = IsEmitter<T> extends true ? ListenerMethod | 'emit' : never;

export type RemoteName<T> = Exclude<MethodName<T>, ProbedMethod | LocalName<T> | symbol>;

/** The names of properties that do not begin with `_`, or those that the option `mirror` names. */
type PropertyName<T, O extends Config> = O extends { readonly mirror: false }
  ? never
  : Exclude<keyof T, MethodName<T> | symbol | keyof ProcxyControls<T, O>> extends infer K
    ? O extends { readonly mirror: readonly (infer Named)[] }
      ? K & Named
      : K extends `_${string}`
        ? never
        : K
    : never;

/** The type of a mirrored property. It is readonly, since setting it would change nothing in the child. */
type Property<V, C extends Crossing> =
  Crosses<V, C> extends true
    ? Crossed<V, C>
    : CannotCross<'This property cannot cross in the serialization mode of this proxy.'>;

type Methods<T, O extends Config> = {
  readonly [K in RemoteName<T>]: RemoteMethod<Extract<T[K], AnyFunction>, T, Procxy<T, O>, SettingOf<O>>;
};

type Properties<T, O extends Config> = {
  readonly [K in PropertyName<T, O> & keyof T]: Property<T[K], AsProperty<SettingOf<O>>>;
};

/** `emit` exists but cannot be called, so that functions such as `events.once()` accept a proxy as an emitter. */
export type ListenerMembers<T> =
  IsEmitter<T> extends true ? Pick<T, Extract<keyof T, ListenerMethod>> & { readonly emit: never } : unknown;

/**
 * An instance of `T` that lives in a child process.
 * @typeParam T the class's instance type
 * @typeParam O the options it was made with, or just the serialization mode
 */
export type Procxy<T, O extends Config = 'json'> = Methods<T, O> &
  Properties<T, O> &
  ListenerMembers<T> &
  ProcxyControls<T, O> &
  HandleControls<O>;

type HandleControls<O extends Config> = O extends { readonly supportHandles: true } ? HandleReceiver : unknown;

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

/** A proxy that accepts handles, with `$sendHandle()`. */
export type ProcxyWithHandle<T, Mode extends SerializationMode = 'json'> = Procxy<
  T,
  { serialization: Mode; supportHandles: true }
>;

/** The names of the methods that can be called on a proxy. */
export type ProcxiableMethodsOf<T, Mode extends SerializationMode = 'json'> = {
  [K in RemoteName<T>]: Procxy<T, Mode>[K] extends AnyFunction ? K : never;
}[RemoteName<T>];

/** The instance type of a proxy. */
export type UnwrapProxy<P> = P extends { $with(options: CallOverrides): Procxy<infer T, infer _> } ? T : never;

/** The type of `$process`. It can be `undefined` only if the options contain `inProcess`. */
type ProcessOf<O extends Config> = O extends { readonly inProcess: infer In }
  ? true extends In
    ? In extends true
      ? undefined
      : ChildProcess | undefined
    : ChildProcess
  : ChildProcess;

/** The members that every proxy has. None of them calls a method of the instance. */
export interface ProcxyControls<T, O extends Config = 'json'> extends AsyncDisposable, Disposable {
  /**
   * Ends the child. Open calls reject, the instance's `Symbol.asyncDispose` or `Symbol.dispose` method runs, and the child exits.
   * After `terminateTimeout`, it is killed with SIGKILL. Resolves when the process has ended. May be called repeatedly.
   */
  $terminate(): Promise<void>;
  /** The child process itself, with the option `restart` the current one; `undefined` with `{ inProcess: true }`. */
  readonly $process: ProcessOf<O>;
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
  $with(options: CallOverrides): Procxy<T, O>;
  /** Reads the current value of a property or getter in the child. */
  $get<K extends Exclude<keyof T, MethodName<T> | symbol>>(name: K): Promise<Property<T[K], AsResult<SettingOf<O>>>>;
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
