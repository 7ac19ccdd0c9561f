import type { Self, TransferHandler } from '../codec/transfer-handlers.js';
import { ProtocolError } from '../errors.js';
import { EventSubscriptions } from '../session/events/event-subscriptions.js';
import type { Callbacks } from '../session/functions/callbacks.js';
import { openSession } from '../session/open-session.js';
import type { Session } from '../session/session.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import { CallbackService } from './callback-service.js';
import { ownFiles } from './launch/agent-path.js';
import type { ResolvedOptions } from './options/options.js';
import { PropertyMirror } from './property-mirror.js';
import type { Worker } from './worker.js';

export interface ParentSideOptions {
  self: Self;
  /** Asked before those that every session has. */
  transfers: readonly TransferHandler[];
  carried: Pick<ResolvedOptions, 'serialization' | 'supportHandles' | 'callbacks'>;
  /** Whether the worker was asked to give signs of life. */
  expectsHeartbeat(): boolean;
  /** Whether nothing is asked of the worker any more. */
  isOver(): boolean;
  /** The worker broke the protocol. */
  onViolation(error: ProtocolError): void;
}

/** The parent's end of the session with a worker, and what the parent alone has: the mirror, listeners, service for a worker that blocks. */
export interface ParentSide {
  readonly session: Session;
  readonly properties: PropertyMirror;
  readonly events: EventSubscriptions;
  /** `undefined` where functions do not cross. */
  readonly functions: Callbacks | undefined;
  readonly callbacks: CallbackService | undefined;
}

export function openParentSide(worker: Worker, options: ParentSideOptions): ParentSide {
  const { self, transfers, carried, isOver } = options;
  const { serialization: mode, supportHandles: handles } = carried;
  const callbacks = carried.callbacks && new CallbackService(carried.callbacks, worker);
  const onBusy = (busy: boolean): void => (busy ? worker.hold() : worker.release());
  const opened = openSession({
    channel: withDebugLog(worker.channel, worker.name),
    isParent: true,
    self,
    transfers,
    ownFile: ownFiles(),
    handlers: {
      'child-fatal': ({ error, coded }) => void (worker.lastWords = { error: coded ? codec.decode(error) : error }),
      heartbeat: () => {
        if (!options.expectsHeartbeat()) throw new ProtocolError('A heartbeat arrived that nobody asked for.');
      },
      'property-update': (update) => properties.apply(update),
      'event-emit': (event) => events.dispatch(event),
      'event-unsubscribed': (confirmation) => events.confirmEnd(confirmation),
      'event-failed': (failure) => events.reportFailure(failure),
    },
    refuse: (method) => callbacks?.refuse(method),
    onViolation: (error) => options.onViolation(error),
    onBusy,
  });
  const { session, codec, carry } = opened;
  const properties = new PropertyMirror(codec);
  const events = new EventSubscriptions({
    codec,
    target: () => self.current,
    onListening: onBusy,
    send: (message) => {
      if (!isOver()) session.sendControl(message);
    },
  });
  const functions = carry({ mode, handles, callbacks: callbacks?.options, bytes: worker.bytes });
  if (functions) callbacks?.serve(functions, opened, mode);
  return { session, properties, events, functions, callbacks };
}
