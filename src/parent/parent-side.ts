import { messageFormat } from '../channel/frames.js';
import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { ProtocolError } from '../errors.js';
import { EventSubscriptions, type EventSubscriptionsOptions } from '../session/events/event-subscriptions.js';
import { ReferenceEvents } from '../session/events/reference-events.js';
import type { Callbacks } from '../session/functions/callbacks.js';
import { openSession } from '../session/open-session.js';
import type { RemoteReference } from '../session/references/remote-reference.js';
import type { Session } from '../session/session.js';
import { SyncCalls } from '../session/sync/sync-calls.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import { readValueOrRefusal } from '../session/wire/read-value.js';
import { callbackOptions, warnOfFailure } from './callback-options.js';
import type { SerializationMode } from '../types/serializable.js';
import { ownFiles } from './launch/agent-path.js';
import type { CallbackLimits, ResolvedOptions } from './options/resolve-options.js';
import { PropertyMirror } from './property-mirror.js';
import type { Worker } from './worker.js';

export interface ParentSideOptions {
  self: Self;
  /** Transfer handlers that are asked before the built-in ones. */
  transfers: readonly TransferHandler[];
  carried: Pick<ResolvedOptions, 'serialization' | 'supportHandles' | 'callbacks' | 'references'>;
  /** The class of the instance, for spans. */
  className(): string;
  /** Whether the worker was asked to send heartbeats. */
  expectsHeartbeat(): boolean;
  /** Whether the connection is over, so that nothing more is sent. */
  isOver(): boolean;
  /** Makes the proxy for an object that stays in the worker. */
  createReference(remote: RemoteReference): object;
  /** Called when the worker breaks the protocol. */
  onViolation(error: ProtocolError): void;
}

/** The parent's end of a session, with the parts that only the parent has: the mirror, listeners, and `sync()` functions. */
export interface ParentSide {
  readonly session: Session;
  readonly properties: PropertyMirror;
  readonly events: EventSubscriptions;
  readonly referenceEvents: ReferenceEvents;
  /** `undefined` if functions do not cross. */
  readonly functions: Callbacks | undefined;
  /** `undefined` if the worker cannot block. */
  readonly sync: SyncCalls | undefined;
}

export function openParentSide(worker: Worker, options: ParentSideOptions): ParentSide {
  const { self, transfers, carried, isOver } = options;
  const { serialization: mode, supportHandles: handles, callbacks: limits } = carried;
  const onBusy = (busy: boolean): void => (busy ? worker.hold() : worker.release());
  const { session, codec, carry } = openSession({
    channel: withDebugLog(worker.channel, worker.name),
    isParent: true,
    className: options.className,
    self,
    transfers,
    ownFile: ownFiles(),
    handlers: {
      'callback-failed': ({ name, reason }) => warnOfFailure(name, reason),
      'child-fatal': ({ error, coded }) => void (worker.lastWords = { error: readValueOrRefusal(codec, error, coded) }),
      heartbeat: () => {
        if (!options.expectsHeartbeat()) throw new ProtocolError('A heartbeat arrived that was not requested.');
      },
      'property-update': (update) => properties.apply(update),
      'event-emit': (event) => emitterOf(event).dispatch(event),
      'event-unsubscribed': (confirmation) => emitterOf(confirmation).confirmEnd(confirmation),
      'event-failed': (failure) => emitterOf(failure).reportFailure(failure),
    },
    onViolation: (error) => options.onViolation(error),
    onBusy,
  });
  const properties = new PropertyMirror(codec);
  const eventOptions: EventSubscriptionsOptions = {
    codec,
    className: options.className,
    onListening: onBusy,
    send: (message) => {
      if (!isOver()) session.sendControl(message);
    },
  };
  const events = new EventSubscriptions(eventOptions);
  const referenceEvents = new ReferenceEvents(eventOptions);
  const emitterOf = ({ referenceId }: { referenceId?: string }): EventSubscriptions =>
    referenceId === undefined ? events : referenceEvents.find(referenceId);
  const callbacks = limits && callbackOptions(limits, worker);
  const { limit } = carried.references;
  const pipelining = carried.references.isAutomatic ? 'asks' : undefined;
  const references = { limit, isAutomatic: false, createProxy: options.createReference };
  const { functions } = carry({ mode, handles, callbacks, references, pipelining, bytes: worker.bytes });
  const sync = limits && functions && serveBlocked(worker, session, functions, mode, limits);
  return { session, properties, events, referenceEvents, functions, sync };
}

/** Serves a worker that blocks until a function of this side returns, if it has a lane for that. */
function serveBlocked(
  { blocking, name, isHere, waiting }: Worker,
  session: Session,
  callbacks: Callbacks,
  mode: SerializationMode,
  { timeout }: CallbackLimits,
): SyncCalls | undefined {
  if (!blocking) return undefined;
  const lane = blocking(messageFormat(mode), (error) => session.inbox.violate(error));
  const sync = new SyncCalls({
    channel: withDebugLog(lane, `${name}, waiting:`),
    mode,
    callbacks,
    timeout,
    waiting,
    awaitsPromises: !isHere,
  });
  session.use(sync);
  return sync;
}
