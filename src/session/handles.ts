import { Socket } from 'node:net';
import type { ArrivedHandle, Handle, NativeHandle } from '../channel/channel.js';
import { describeHandle, isNative, nativeOf, objectOf, readOn, stopReading } from '../channel/native-handles.js';
import type { HandleExchange } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { HandleDescription, HandleTransfer, Message } from '../protocol.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';

/** Messages that never hold a handle, and may come between one and the message that does. */
const holdNone = new Set<Message['type']>(['handle-transfer', 'property-update']);

interface Outgoing {
  readonly id: number;
  readonly handle: Handle;
}

/** A handle that has arrived, and the object that it has become. */
interface Arrived {
  /** Left out where the object itself arrived. */
  readonly native?: NativeHandle;
  readonly description: HandleDescription;
  object?: Handle;
}

/**
 * The handles on their way.
 *
 *     sender      export()            beforeWrite()       'handle-received'     'handle-kept'
 *                 outgoing      ->    under way     ->    closed here      or   kept
 *     receiver                        'handle-transfer'   import()              the message holds no descriptor of it
 *                                     arrived       ->    an object        or   closed
 *
 * A socket belongs to its sender until the other side confirms that it has it, and is closed here only then. Servers and
 * datagram sockets are shared. A handle that has arrived is a native one: nothing happens to it before it is an object.
 */
export class Handles implements HandleExchange, SessionPart {
  readonly handlers: Handlers = {
    'handle-transfer': (message, { handle }) => this.#receive(message, handle),
    'handle-received': ({ handleId }) => this.#confirm(handleId),
    'handle-kept': ({ handleId }) => readOn(this.#takeUnderway(handleId)),
  };
  #link!: SessionApi;
  /** Between the encoding of a message and its sending. */
  readonly #outgoing: Outgoing[] = [];
  /** Sent and not yet confirmed. */
  readonly #underway = new Map<number, Handle>();
  /** Between their arrival and the decoding of the message that they belong to. */
  readonly #arrived = new Map<number, Arrived>();
  /** Named by the current message, or about to be, and not arrived. */
  readonly #missed = new Set<number>();
  /** The ids of this side's handles are counted. */
  #lastId = 0;
  /** The highest id of the other side that has arrived, or was missed. */
  #lastArrived = 0;

  attach(link: SessionApi): void {
    this.#link = link;
  }

  export(handle: Handle): number {
    const known = this.#outgoing.find((other) => other.handle === handle);
    if (known) return known.id;
    if (!nativeOf(handle)) {
      throw new HandleTransferError(
        'The server of a cluster worker cannot be moved: its connections come by way of the primary. ' +
          'Set cluster.schedulingPolicy = cluster.SCHED_NONE in the primary, or listen outside the cluster.',
      );
    }
    this.#outgoing.push({ id: ++this.#lastId, handle });
    return this.#lastId;
  }

  import(id: number): Handle {
    const arrived = this.#arrived.get(id);
    if (arrived) return (arrived.object ??= objectOf(arrived.native as NativeHandle, arrived.description));
    // Node drops a message whose handle the system did not deliver, and tells its sender by a warning at most.
    if (id > this.#lastArrived) this.#miss(id);
    else if (!this.#missed.has(id)) throw new ProtocolError(`There is no handle ${id}.`);
    throw new HandleTransferError(
      'The handle did not arrive, and its sender keeps it. Its receiver may have no descriptor left (`ulimit -n`), or the handle was closed on its way.',
    );
  }

  discard(): void {
    this.#outgoing.length = 0;
  }

  /** Sends the handles of the message that was encoded. */
  beforeWrite(): boolean {
    if (this.#outgoing.length === 0) return false;
    for (const { id, handle } of this.#outgoing.splice(0)) {
      this.#underway.set(id, handle);
      stopReading(handle);
      this.#link.sendHandle({ type: 'handle-transfer', handleId: id, handle: describeHandle(handle) }, handle);
    }
    return true;
  }

  /** Handles that the message did not name belong to nobody. */
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

  /** The other side has it. */
  #confirm(id: number): void {
    const handle = this.#takeUnderway(id);
    if (handle instanceof Socket) handle.destroy();
  }

  /** @throws {ProtocolError} when it was not sent */
  #takeUnderway(id: number): Handle {
    const handle = this.#underway.get(id);
    if (!handle) throw new ProtocolError(`The handle ${id} was answered for, and is not under way.`);
    this.#underway.delete(id);
    return handle;
  }

  #receive({ handleId, handle: description }: HandleTransfer, handle: ArrivedHandle | undefined): void {
    if (this.#arrived.has(handleId)) throw new ProtocolError(`The handle ${handleId} arrived twice.`);
    // Node delivers the message without it when the connection broke on the way.
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

/** Another process would get a socket that nobody has paused: it is read from when somebody listens. */
function withoutPause(handle: Handle): Handle {
  if (handle instanceof Socket && handle.isPaused())
    (handle as { readableFlowing: boolean | null }).readableFlowing = null;
  return handle;
}
