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
} from '../protocol.js';
import type { CallbacksOptions } from '../session/functions/callbacks.js';
import type { OpenSession } from '../session/open-session.js';
import type { Session } from '../session/session.js';
import { BlockingCalls, type BlockingLane } from '../session/sync/blocking-calls.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { SideStats } from '../types/stats.js';
import { Instance } from './instance.js';
import type { LoadedClass } from './load-class.js';
import { makeInstance } from './make-instance.js';
import { openDescriptor } from './receive-handle.js';

const PROTOCOL: ProtocolVersion = 1;

/** What an instance needs of the place where it lives. */
export interface Place {
  /** The file of this code: its frames are left out of the stacks of errors that cross. */
  readonly ownFile: string | undefined;
  /** Gives the class that the request names. */
  load(request: LoadRequest): Promise<LoadedClass>;
  /** The ways besides the channel, where there are any. */
  bytes(request: LoadRequest): DataLane | undefined;
  blocking(request: LoadRequest): BlockingLane | undefined;
  /** Ends the process, once the instance has been disposed. Left out where the other side ends it. */
  leave?(): Promise<void>;
  /** Does ahead of time what a first call would otherwise do. */
  rehearse?(session: Session): Promise<void>;
}

interface Loaded extends LoadedClass {
  request: LoadRequest;
}

/** What the other side may ask of the agent, which keeps the instance for it. */
export class AgentMethods {
  /** `undefined` before it is made. */
  instance: Instance | undefined;
  /** ms that the dispose hook may take when the other side is gone. */
  terminateTimeout = 0;
  readonly #opened: OpenSession;
  readonly #self: Self;
  readonly #place: Place;
  #loading: Promise<Loaded> | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(opened: OpenSession, self: Self, place: Place) {
    this.#opened = opened;
    this.#self = self;
    this.#place = place;
  }

  /** @throws {ProtocolError} before there is an instance */
  get started(): Instance {
    if (!this.instance) throw new ProtocolError('The instance was called before it was made.');
    return this.instance;
  }

  run(method: string, args: unknown[]): unknown {
    switch (method) {
      case 'ready':
        return this.#place.rehearse?.(this.#opened.session);
      case 'import':
        this.#loading = this.#load(args[0] as LoadRequest);
        return this.#loading.then((): AgentDescription => ({ batches: true }));
      case 'constructor':
        return this.#construct(args);
      case '$get':
        return this.started.get(args[0] as string);
      case '$refresh':
        // What has changed goes before each answer.
        return this.started.properties.refresh();
      case '$sendHandle':
        return this.started.receiveHandle(args[0] as Socket, args[1]);
      case '$sendDescriptor':
        return this.started.receiveHandle(openDescriptor(args[0] as DescriptorReference), args[1]);
      case '$stats':
        return this.#stats();
      case 'end':
        // The answer says that the event loop turns. `dispose` comes next.
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

  async #load(request: LoadRequest): Promise<Loaded> {
    if (request.protocol !== PROTOCOL) {
      throw new ProtocolError(
        `The parent speaks protocol ${String(request.protocol)} and the agent ${PROTOCOL}: two versions of procxy are mixed. ` +
          'Install one version, and rebuild what bundles it.',
      );
    }
    const { session, carry } = this.#opened;
    const { serialization: mode, supportHandles: handles, busyPoll = 0 } = request;
    this.terminateTimeout = request.terminateTimeout;
    session.setBusyPoll(busyPoll);
    carry({ mode, handles, callbacks: this.#callbackOptions(request), bytes: this.#place.bytes(request) });
    return { ...(await this.#place.load(request)), request };
  }

  async #construct(args: unknown[]): Promise<InstanceDescription> {
    if (!this.#loading) throw new ProtocolError('The instance was asked for before its module.');
    const { request, namespace, Class } = await this.#loading;
    const { session, codec } = this.#opened;
    const { serialization: mode, mirror, heartbeat } = request;
    const { object } = await makeInstance(Class, request.create, args);
    this.#self.current = object;
    // A property must not move a socket away, nor keep a function alive over there: its values are encoded without them.
    const propertyCodec = createCodec({
      self: this.#self,
      ownFile: this.#place.ownFile,
      mode,
      functionRefusal: mirroredFunction,
    });
    const fingerprint = mode === 'json' ? JSON.stringify : fingerprintOfClone;
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
      onUnhandled: (name, reason) => session.sendControl({ type: 'callback-failed', name, reason }),
    };
  }

  #stats(): SideStats {
    const counts = this.#opened.session.stats();
    // This very request is one of those served.
    return { ...counts, servedCalls: counts.servedCalls - 1, subscriptions: this.instance?.events?.size ?? 0 };
  }
}

function fingerprintOfClone(wire: unknown): string {
  return serialize(wire).toString('latin1');
}
