import type { Codec } from '../codec/codec.js';
import type { LoadRequest, ShareRequest } from '../protocol.js';
import { EventForwarder, type EmitterLike } from '../session/events/event-forwarder.js';
import type { Carried } from '../session/open-session.js';
import { lentObjects } from '../session/references/lent-objects.js';
import type { Session } from '../session/session.js';
import { BlockingCalls } from '../session/sync/blocking-calls.js';
import { findSymbol } from './find-symbol.js';
import type { Place } from './place.js';

/** What is needed to carry functions and objects of the other side. */
export interface Crossing {
  session: Session;
  codec: Codec;
  place: Place;
  /** The module of the class. Empty until it is loaded. */
  namespace(): object;
}

/** What may cross between an instance and the side that has requested it. */
export function carriedBy(request: LoadRequest, crossing: Crossing): Carried {
  return {
    mode: request.serialization,
    handles: request.supportHandles,
    callbacks: callbacks(request, crossing),
    references: references(request.references, crossing),
    pipelining: request.references?.automatic ? 'keeps' : undefined,
    bytes: crossing.place.bytes(request),
  };
}

/** What may still cross beside the sessions of several instances: an error that ends their process. */
export function carriedBesides(request: ShareRequest, crossing: Crossing): Carried {
  return {
    mode: request.serialization,
    handles: false,
    references: references(request.references, crossing),
    pipelining: request.references.automatic ? 'keeps' : undefined,
  };
}

function callbacks(request: LoadRequest, crossing: Crossing): Carried['callbacks'] {
  if (!request.callbacks) return undefined;
  const { limit, timeout = Infinity } = request.callbacks;
  const lane = crossing.place.blocking(request);
  const blocking = lane && new BlockingCalls({ lane, mode: request.serialization });
  if (blocking) crossing.session.use(blocking);
  return { limit, timeout, blocking, onUnhandled: reportFailure(crossing) };
}

function references(requested: LoadRequest['references'], crossing: Crossing): Carried['references'] {
  if (!requested) return undefined;
  const { limit, automatic = false, timeout = Infinity } = requested;
  return {
    limit,
    isAutomatic: automatic,
    createProxy: lentObjects({ timeout, onUnhandled: reportFailure(crossing) }),
    forwardEvents: (emitter, referenceId) => forwardEvents(emitter, referenceId, crossing),
  };
}

function forwardEvents(emitter: object, referenceId: string, { session, codec, namespace }: Crossing): EventForwarder {
  return new EventForwarder({
    // If it is not an emitter, subscribing fails, and the other side hears why.
    emitter: emitter as EmitterLike,
    codec,
    send: (parcel) => session.sendValue(parcel),
    findSymbol: (description) => findSymbol(description, emitter.constructor, namespace()),
    referenceId,
  });
}

/** Tells the other side that a call of its code has failed, and that nobody here waits for the result. */
function reportFailure({ session }: Crossing): (name: string, reason: string) => void {
  return (name, reason) => session.sendControl({ type: 'callback-failed', name, reason });
}
