import type { AnyFunction } from './any-function.js';
import type { ChildProcess } from 'node:child_process';
import type { AsProperty, AsResult, Config, Crossing, MethodName, ProbedMethod, SettingOf } from './crossing.js';
import type { CallOverrides } from './options.js';
import type { Crossed, Crosses, RemoteMethod } from './forms.js';
import type { CannotCross, PassableHandle, SerializationMode } from './serializable.js';
import type { ExitStatus, ProcxyStats } from './stats.js';

/** An emitter's methods that work on the listeners of this process, as the class declares them. */
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

/** What a class's emitter methods are not: calls to the child. */
type LocalName<T> = IsEmitter<T> extends true ? ListenerMethod | 'emit' : never;

type RemoteName<T> = Exclude<MethodName<T>, ProbedMethod | LocalName<T> | symbol>;

/** Those whose name does not begin with `_`, unless the options say otherwise. */
type PropertyName<T, O extends Config> = O extends { readonly mirror: false }
  ? never
  : Exclude<keyof T, MethodName<T> | symbol | keyof ProcxyControls<T, O>> extends infer K
    ? O extends { readonly mirror: readonly (infer Named)[] }
      ? K & Named
      : K extends `_${string}`
        ? never
        : K
    : never;

/** Readonly, since what is set here would change nothing in the child. */
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

/** `emit` is there as what cannot be called, so that a proxy is an emitter for `events.once()` and the like. */
type Listeners<T> =
  IsEmitter<T> extends true ? Pick<T, Extract<keyof T, ListenerMethod>> & { readonly emit: never } : unknown;

/**
 * An instance of `T` that lives in a child process.
 * @typeParam T the class's instance type
 * @typeParam O the options it was made with, or just the serialization mode
 */
export type Procxy<T, O extends Config = 'json'> = Methods<T, O> &
  Properties<T, O> &
  Listeners<T> &
  ProcxyControls<T, O> &
  HandleControls<O>;

type HandleControls<O extends Config> = O extends { readonly supportHandles: true } ? HandleReceiver : unknown;

interface HandleReceiver {
  /**
   * Moves a socket, server or descriptor to the child and gives it to the instance: to the first of its methods `receiveSocket`,
   * `setSocket`, `receiveServer`, `receiveDgramSocket`, `receiveFileDescriptor` (by the kind of handle), then
   * `receiveHandle(handle, id)`, then to the listeners of its `'handle'` event. Resolves when the instance has it. A socket
   * is the child's from then on; a server or a datagram socket is shared until its sender closes it; the descriptor of
   * a regular file (Linux only) is opened anew, at the file's beginning, and closed here.
   * @throws {HandleTransferError} when the handle cannot be moved, or the instance takes none
   */
  $sendHandle(handle: PassableHandle, id?: string | number): Promise<void>;
}

/** A proxy that takes handles, with `$sendHandle()`. */
export type ProcxyWithHandle<T, Mode extends SerializationMode = 'json'> = Procxy<
  T,
  { serialization: Mode; supportHandles: true }
>;

/** The names of the methods that can be called on a proxy. */
export type ProcxiableMethodsOf<T, Mode extends SerializationMode = 'json'> = {
  [K in RemoteName<T>]: Procxy<T, Mode>[K] extends AnyFunction ? K : never;
}[RemoteName<T>];

/** The type of the instance that a proxy stands for. */
export type UnwrapProxy<P> = P extends { $with(options: CallOverrides): Procxy<infer T, infer _> } ? T : never;

/** Only options that name `inProcess` make it possible that there is no process. */
type ProcessOf<O extends Config> = O extends { readonly inProcess: infer In }
  ? true extends In
    ? In extends true
      ? undefined
      : ChildProcess | undefined
    : ChildProcess
  : ChildProcess;

/** What every proxy has of its own. Nothing of this runs a method of the instance. */
export interface ProcxyControls<T, O extends Config = 'json'> extends AsyncDisposable, Disposable {
  /**
   * Ends the child: open calls reject, the instance's `Symbol.asyncDispose` or `Symbol.dispose` runs, and the
   * child exits; SIGKILL after `terminateTimeout`. Resolves when the process is gone; may be called again.
   */
  $terminate(): Promise<void>;
  /** The child process itself, with the option `restart` the current one; `undefined` with `{ inProcess: true }`. */
  readonly $process: ProcessOf<O>;
  /** Resolves when the child has ended, however it did; with the option `restart` the current one. Never rejects. */
  readonly $exited: Promise<ExitStatus>;
  /**
   * ms since the last sign of life of the child's event loop, or 0: what is younger than `heartbeat.interval` is not told apart.
   * `undefined` without the option `heartbeat`.
   */
  readonly $blockedFor: number | undefined;
  /** How many times a new child has taken the place of one that had ended; `0` without the option `restart`. */
  readonly $restarts: number;
  /** The same proxy, with other options for the calls made through it. */
  $with(options: CallOverrides): Procxy<T, O>;
  /** Reads a property or a getter in the child now. */
  $get<K extends Exclude<keyof T, MethodName<T> | symbol>>(name: K): Promise<Property<T[K], AsResult<SettingOf<O>>>>;
  $get(name: string): Promise<unknown>;
  /** Brings all mirrored properties up to date, also those that were too large before. */
  $refresh(): Promise<void>;
  /**
   * Lets go of a function that was passed to the child, or of one that came from it, before the garbage collector does: calling it
   * over there, or here, is a {@link TerminatedError} then. Returns whether there was anything to let go of.
   * @throws {OptionsValidationError} when it is no function
   */
  $releaseCallback(fn: AnyFunction): boolean;
  /** Counts what is open on both sides. */
  $stats(): Promise<ProcxyStats>;
}
