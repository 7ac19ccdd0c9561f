import type { Socket } from 'node:net';
import { serialize } from 'node:v8';
import { clearInterval, setInterval } from '../clock.js';
import { createCodec } from '../codec/create-codec.js';
import { mirroredFunction } from '../codec/refusals.js';
import type { Self } from '../codec/transfer-handlers.js';
import { ProtocolError } from '../errors.js';
import { stringify } from '../plain-json.js';
import type {
  AgentDescription,
  DescriptorReference,
  InstanceDescription,
  LoadRequest,
  ProtocolVersion,
  ShareRequest,
} from '../protocol.js';
import { serveInSpan } from '../session/calls/server-span.js';
import type { EventForwarder } from '../session/events/event-forwarder.js';
import type { CarriedParts, OpenSession } from '../session/open-session.js';
import type { PassableHandle } from '../types/serializable.js';
import type { SideStats } from '../types/stats.js';
import { Instance } from './instance.js';
import type { LoadedClass } from './load-class.js';
import { makeInstance } from './make-instance.js';
import type { Place } from './place.js';
import { openDescriptor } from './receive-handle.js';
import { usage } from './usage.js';
import { carriedBesides, carriedBy, type Crossing } from './what-crosses.js';

const PROTOCOL: ProtocolVersion = 1;

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
  readonly #crossing: Crossing;
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
    this.#crossing = { session: opened.session, codec: opened.codec, place, namespace: () => this.#namespace };
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
    const { terminateTimeout, killSignal = 'SIGTERM' } = request;
    if (!this.#place.share || this.#loading)
      throw new ProtocolError('An instance that shares its process was asked to share it.');
    this.terminateTimeout = terminateTimeout;
    this.killSignal = killSignal;
    this.#opened.carry(carriedBesides(request, this.#crossing));
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
    this.terminateTimeout = request.terminateTimeout;
    this.killSignal = request.killSignal ?? 'SIGTERM';
    const { session, carry } = this.#opened;
    session.setBusyPoll(request.busyPoll ?? 0);
    this.#references = carry(carriedBy(request, this.#crossing)).references;
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
