import type { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { clearInterval, setInterval } from '../clock.js';
import { createCodec } from '../codec/create-codec.js';
import { mirroredFunction } from '../codec/refusals.js';
import type { Self } from '../codec/transfer-handlers.js';
import { ProtocolError } from '../errors.js';
import type {
  AgentDescription,
  DescriptorReference,
  InstanceDescription,
  LoadRequest,
  ProtocolVersion,
  ShareRequest,
} from '../protocol.js';
import type { CallbacksOptions } from '../session/functions/callbacks.js';
import { serveInSpan } from '../session/calls/server-span.js';
import { EventForwarder, type EmitterLike } from '../session/events/event-forwarder.js';
import type { Carried, CarriedParts, OpenSession } from '../session/open-session.js';
import { lentObjects } from '../session/references/lent-objects.js';
import type { Session } from '../session/session.js';
import { BlockingCalls, type BlockingLane } from '../session/sync/blocking-calls.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { PassableHandle } from '../types/serializable.js';
import type { SideStats } from '../types/stats.js';
import { findSymbol } from './find-symbol.js';
import { Instance } from './instance.js';
import type { LoadedClass } from './load-class.js';
import { makeInstance } from './make-instance.js';
import { openDescriptor } from './receive-handle.js';
import { stringify } from '../plain-json.js';
import { usage } from './usage.js';

const PROTOCOL: ProtocolVersion = 1;

/** What an instance needs from its environment: a child process, or this process with `inProcess`. */
export interface Place {
  /** The file of this code. Its frames are removed from the stacks of errors that cross. */
  readonly ownFile: string | undefined;
  /** Loads the class that the request names. */
  load(request: LoadRequest): Promise<LoadedClass>;
  /** Lanes besides the channel, if there are any. */
  bytes(request: LoadRequest): DataLane | undefined;
  blocking(request: LoadRequest): BlockingLane | undefined;
  /** Ends the process after the instance was disposed. Absent if there is no process to end. */
  leave?(): Promise<void>;
  /** Lets further instances live here. Absent if this is one of several. */
  share?(): void;
  /** Does work ahead of time that would otherwise slow the first call down. */
  rehearse?(session: Session): Promise<void>;
}

interface Loaded extends LoadedClass {
  request: LoadRequest;
}

/** The methods of the agent, which holds the instance for the other side. */
export class AgentMethods {
  /** `undefined` until it is constructed. */
  instance: Instance | undefined;
  /** The name of the class, for spans. */
  className: string | undefined;
  /** ms that the dispose hook may take after the other side has gone. */
  terminateTimeout = 0;
  killSignal: NodeJS.Signals = 'SIGTERM';
  readonly #opened: OpenSession;
  readonly #self: Self;
  readonly #place: Place;
  #loading: Promise<Loaded> | undefined;
  #isRequested = false;
  /** Whether the request for the class says that handles cross. */
  #takesHandles = false;
  #heartbeat: NodeJS.Timeout | undefined;
  #references: CarriedParts['references'];
  /** The module of the class. */
  #namespace: object = {};

  constructor(opened: OpenSession, self: Self, place: Place) {
    this.#opened = opened;
    this.#self = self;
    this.#place = place;
  }

  /** @throws {ProtocolError} before there is an instance */
  get started(): Instance {
    if (!this.instance) throw new ProtocolError('The instance was called before it was constructed.');
    return this.instance;
  }

  /** @param referenceId names an object that the other side holds. Absent: the instance */
  eventsOf(referenceId: string | undefined): EventForwarder | undefined {
    return referenceId === undefined ? this.instance?.events : this.#references?.forwarder(referenceId);
  }

  run(method: string, args: unknown[]): unknown {
    switch (method) {
      case 'ready':
        return this.#place.rehearse?.(this.#opened.session);
      case 'share':
        return this.#share(args[0] as ShareRequest);
      case 'import':
        // The other side of a host's child may be a stranger: only its host chooses the module, before all.
        if (this.#loading) throw new ProtocolError('The class was requested twice.');
        this.#loading = this.#load(args[0] as LoadRequest);
        return this.#loading.then((): AgentDescription => ({ batches: true }));
      case 'constructor':
        if (this.#isRequested) throw new ProtocolError('The instance was requested twice.');
        this.#isRequested = true;
        return this.#construct(args);
      case '$get':
        return this.started.get(args[0] as string);
      case '$refresh':
        // Every answer is preceded by the properties that have changed.
        return this.started.properties.refresh();
      case '$sendHandle':
        return this.#receiveHandle(() => args[0] as Socket, args[1]);
      case '$sendDescriptor':
        return this.#receiveHandle(() => openDescriptor(args[0] as DescriptorReference), args[1]);
      case '$stats':
        return this.#stats();
      case '$usage':
        return usage();
      case 'end':
        // The answer shows that the event loop is not blocked. `dispose` comes next.
        return undefined;
      case 'dispose':
        return this.#dispose();
      default:
        throw new ProtocolError(`The agent has no method ${method}.`);
    }
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.instance?.close();
  }

  #share(request: ShareRequest): void {
    const { serialization: mode, terminateTimeout, killSignal = 'SIGTERM' } = request;
    if (!this.#place.share || this.#loading)
      throw new ProtocolError('An instance that shares its process was asked to share it.');
    this.terminateTimeout = terminateTimeout;
    this.killSignal = killSignal;
    // Only an error that ends the process still crosses in this session.
    this.#opened.carry({
      mode,
      handles: false,
      references: this.#referenceOptions(request),
      pipelining: request.references.automatic ? 'keeps' : undefined,
    });
    this.#place.share();
  }

  async #load(request: LoadRequest): Promise<Loaded> {
    if (request.protocol !== PROTOCOL) {
      throw new ProtocolError(
        `The parent speaks protocol ${String(request.protocol)} and the agent ${PROTOCOL}: two versions of procxy are mixed. ` +
          'Install a single version, and rebuild the bundles that contain it.',
      );
    }
    this.className = request.class.name;
    this.#takesHandles = request.supportHandles;
    const { session, carry } = this.#opened;
    const { serialization: mode, supportHandles: handles, busyPoll = 0 } = request;
    this.terminateTimeout = request.terminateTimeout;
    this.killSignal = request.killSignal ?? 'SIGTERM';
    session.setBusyPoll(busyPoll);
    const parts = carry({
      mode,
      handles,
      callbacks: this.#callbackOptions(request),
      references: this.#referenceOptions(request),
      pipelining: request.references?.automatic ? 'keeps' : undefined,
      bytes: this.#place.bytes(request),
    });
    this.#references = parts.references;
    const loaded = await this.#place.load(request);
    this.#namespace = loaded.namespace;
    return { ...loaded, request };
  }

  /**
   * The other side of a host's child may be a stranger, for whom no file of this machine may be opened.
   * @throws {ProtocolError} if handles do not cross
   */
  #receiveHandle(take: () => PassableHandle, id: unknown): unknown {
    if (!this.#takesHandles) throw new ProtocolError('A handle was sent without the option { supportHandles: true }.');
    return this.started.receiveHandle(take(), id);
  }

  async #construct(args: unknown[]): Promise<InstanceDescription> {
    if (!this.#loading) throw new ProtocolError('The instance was requested before its module.');
    const { request, namespace, Class } = await this.#loading;
    const { session, codec } = this.#opened;
    const { serialization: mode, mirror, heartbeat, references } = request;
    const call = { className: request.class.name, method: 'constructor', trace: request.trace, isTrusted: true };
    const made = serveInSpan(call, () => makeInstance(Class, request.create, args));
    const { object } = await (made as ReturnType<typeof makeInstance>);
    this.#self.current = object;
    // Without handles and callbacks: mirroring a property must not move a socket, nor keep a function alive on the other side.
    const propertyCodec = createCodec({
      self: this.#self,
      ownFile: this.#place.ownFile,
      mode,
      functionRefusal: mirroredFunction,
      refusesReferences: references?.automatic === true,
    });
    const fingerprint = mode === 'json' ? stringify : fingerprintOfClone;
    this.instance = new Instance({
      object,
      type: Class,
      namespace,
      mirror,
      codec,
      propertyCodec,
      fingerprint,
      session,
    });
    if (heartbeat !== undefined) {
      this.#heartbeat = setInterval(() => session.sendControl({ type: 'heartbeat' }), heartbeat);
      this.#heartbeat.unref();
    }
    return this.instance.describe();
  }

  #dispose(): Promise<void> {
    const disposed = this.instance?.dispose() ?? Promise.resolve();
    const leave = (): void => void this.#place.leave?.();
    disposed.then(leave, leave);
    return disposed;
  }

  #callbackOptions(request: LoadRequest): Omit<CallbacksOptions, 'isParent'> | undefined {
    if (!request.callbacks) return undefined;
    const { session } = this.#opened;
    const { limit, timeout = Infinity } = request.callbacks;
    const lane = this.#place.blocking(request);
    const blocking = lane && new BlockingCalls({ lane, mode: request.serialization });
    if (blocking) session.use(blocking);
    return {
      limit,
      timeout,
      blocking,
      onUnhandled: this.#reportFailure,
    };
  }

  #referenceOptions({ references }: Pick<LoadRequest, 'references'>): Carried['references'] {
    if (!references) return undefined;
    const { limit, automatic = false, timeout = Infinity } = references;
    return {
      limit,
      isAutomatic: automatic,
      createProxy: lentObjects({ timeout, onUnhandled: this.#reportFailure }),
      forwardEvents: (emitter, referenceId) => this.#forwardEvents(emitter, referenceId),
    };
  }

  #forwardEvents(emitter: object, referenceId: string): EventForwarder {
    const { session, codec } = this.#opened;
    return new EventForwarder({
      // If it is not an emitter, subscribing fails, and the other side hears why.
      emitter: emitter as EmitterLike,
      codec,
      send: (parcel) => session.sendValue(parcel),
      findSymbol: (description) => findSymbol(description, emitter.constructor, this.#namespace),
      referenceId,
    });
  }

  /** A call of the parent's code has failed, and nobody here waits for it. */
  readonly #reportFailure = (name: string, reason: string): void =>
    this.#opened.session.sendControl({ type: 'callback-failed', name, reason });

  #stats(): SideStats {
    const counts = this.#opened.session.stats();
    // This request counts as served itself.
    const subscriptions = counts.subscriptions + (this.instance?.events?.size ?? 0);
    return { ...counts, servedCalls: counts.servedCalls - 1, subscriptions };
  }
}

function fingerprintOfClone(wire: unknown): string {
  return serialize(wire).toString('latin1');
}
