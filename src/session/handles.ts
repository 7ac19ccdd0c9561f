import { Socket } from 'node:net';
import type { ArrivedHandle, Handle, NativeHandle } from '../channel/channel.js';
import { describeHandle, isNative, nativeOf, objectOf, readOn, stopReading } from '../channel/native-handles.js';
import type { HandleExchange } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { HandleDescription, HandleTransfer, Message } from '../protocol.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';

/** Messages that never name a handle. They may arrive between a handle and the message that names it. */
const holdNone = new Set<Message['type']>(['handle-transfer', 'property-update']);

interface Outgoing {
  readonly id: number;
  readonly handle: Handle;
}

/** A handle that has arrived, and the object made from it. */
interface Arrived {
  /** Absent if the object itself arrived. */
  readonly native?: NativeHandle;
  readonly description: HandleDescription;
  object?: Handle;
}

/**
 * Tracks the handles in transit.
 *
 *     sender      export()            beforeWrite()       'handle-received'     'handle-kept'
 *                 outgoing      ->    in transit    ->    closed here      or   kept
 *     receiver                        'handle-transfer'   import()              the message does not name it
 *                                     arrived       ->    an object        or   closed
 *
 * The sender owns a socket, and closes it only when the receiver confirms its arrival. Servers and datagram sockets are
 * shared. A handle arrives in its native form, and does nothing until `import()` makes an object of it.
 */
export class Handles implements HandleExchange, SessionPart {
  readonly handlers: Handlers = {
    'handle-transfer': (message, { handle }) => this.#receive(message, handle),
    'handle-received': ({ handleId }) => this.#confirm(handleId),
    'handle-kept': ({ handleId }) => readOn(this.#takeUnderway(handleId)),
  };
  #link!: SessionApi;
  /** Handles of a message that is encoded but not sent yet. */
  readonly #outgoing: Outgoing[] = [];
  /** Sent and not yet confirmed. */
  readonly #underway = new Map<number, Handle>();
  /** Handles that have arrived before the message that names them was decoded. */
  readonly #arrived = new Map<number, Arrived>();
  /** Handles that did not arrive, although the current or the next message names them. */
  readonly #missed = new Set<number>();
  /** The last id given to a handle of this side. */
  #lastId = 0;
  /** The highest id of a handle of the other side that has arrived or was missed. */
  #lastArrived = 0;

  attach(link: SessionApi): void {
    this.#link = link;
  }

  export(handle: Handle): number {
    const known = this.#outgoing.find((other) => other.handle === handle);
    if (known) return known.id;
    if (!nativeOf(handle)) {
      throw new HandleTransferError(
        'The server of a cluster worker cannot be sent: its connections come through the primary. ' +
          'Set cluster.schedulingPolicy = cluster.SCHED_NONE in the primary, or listen outside the cluster.',
      );
    }
    this.#outgoing.push({ id: ++this.#lastId, handle });
    return this.#lastId;
  }

  import(id: number): Handle {
    const arrived = this.#arrived.get(id);
    if (arrived) return (arrived.object ??= objectOf(arrived.native as NativeHandle, arrived.description));
    // If the system does not deliver a handle, Node drops its message, and at most warns the sender.
    if (id > this.#lastArrived) this.#miss(id);
    else if (!this.#missed.has(id)) throw new ProtocolError(`There is no handle ${id}.`);
    throw new HandleTransferError(
      'The handle did not arrive, so its sender keeps it. The receiver may have run out of file descriptors (`ulimit -n`), or the handle was closed in transit.',
    );
  }

  discard(): void {
    this.#outgoing.length = 0;
  }

  /** Sends the handles of the encoded message ahead of it. */
  beforeWrite(): boolean {
    if (this.#outgoing.length === 0) return false;
    for (const { id, handle } of this.#outgoing.splice(0)) {
      this.#underway.set(id, handle);
      stopReading(handle);
      this.#link.sendHandle({ type: 'handle-transfer', handleId: id, handle: describeHandle(handle) }, handle);
    }
    return true;
  }

  /** Closes handles that the message did not name. */
  afterMessage({ type }: Message): void {
    if (holdNone.has(type)) return;
    if (this.#missed.size > 0) this.#missed.clear();
    if (this.#arrived.size > 0) this.#closeUnclaimed();
  }

  close(): void {
    this.#closeUnclaimed();
    for (const handle of this.#underway.values()) readOn(handle);
    this.#underway.clear();
  }

  /** The other side has the handle: closes a socket here. */
  #confirm(id: number): void {
    const handle = this.#takeUnderway(id);
    if (handle instanceof Socket) handle.destroy();
  }

  /** @throws {ProtocolError} if the handle is not in transit */
  #takeUnderway(id: number): Handle {
    const handle = this.#underway.get(id);
    if (!handle) throw new ProtocolError(`The handle ${id} was confirmed, but it is not in transit.`);
    this.#underway.delete(id);
    return handle;
  }

  #receive({ handleId, handle: description }: HandleTransfer, handle: ArrivedHandle | undefined): void {
    if (this.#arrived.has(handleId)) throw new ProtocolError(`The handle ${handleId} arrived twice.`);
    // If the connection broke in transit, Node delivers the message without its handle.
    if (!handle) return this.#miss(handleId);
    this.#lastArrived = Math.max(this.#lastArrived, handleId);
    if (isNative(handle)) this.#arrived.set(handleId, { native: handle, description });
    else this.#arrived.set(handleId, { object: withoutPause(handle), description });
    this.#link.sendControl({ type: isNative(handle) ? 'handle-received' : 'handle-kept', handleId });
  }

  #miss(id: number): void {
    this.#lastArrived = Math.max(this.#lastArrived, id);
    this.#missed.add(id);
    this.#link.sendControl({ type: 'handle-kept', handleId: id });
  }

  #closeUnclaimed(): void {
    for (const { native, object } of this.#arrived.values()) if (!object) native?.close();
    this.#arrived.clear();
  }
}

/** Resets a paused socket, so that reading starts with the first listener, as it would in another process. */
function withoutPause(handle: Handle): Handle {
  if (handle instanceof Socket && handle.isPaused())
    (handle as { readableFlowing: boolean | null }).readableFlowing = null;
  return handle;
}
