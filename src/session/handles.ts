import { Socket } from 'node:net';
import type { Channel, Handle } from '../channel/channel.js';
import type { HandleExchange } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { HandleTransfer } from '../protocol.js';
import type { WriteLog } from './wire/write-log.js';

/**
 * The handles on their way. A socket belongs to its sender until the other side confirms that it has it, and is closed
 * here only then: one that could not be delivered is still its owner's.
 */
export class Handles implements HandleExchange {
  /** Between the encoding of a message and its sending. */
  readonly #outgoing: [id: number, handle: Handle][] = [];
  /** Sent and not yet confirmed. */
  readonly #underway = new Map<number, Handle>();
  /** Between their arrival and the decoding of the message that they belong to. */
  readonly #arrived = new Map<number, Handle | undefined>();
  /** Those of them that a descriptor has named; another descriptor of the same message may name them again. */
  readonly #claimed = new Set<number>();
  #lastId = 0;

  export(handle: Handle): number {
    const known = this.#outgoing.find(([, other]) => other === handle);
    if (known) return known[0];
    this.#outgoing.push([++this.#lastId, handle]);
    return this.#lastId;
  }

  import(id: number): Handle {
    if (!this.#arrived.has(id)) throw new ProtocolError(`There is no handle ${id}.`);
    const handle = this.#arrived.get(id);
    this.#claimed.add(id);
    // Node delivers the message without it when the connection broke on the way.
    if (!handle) throw new HandleTransferError('The handle was closed on its way.');
    return handle;
  }

  discard(): void {
    this.#outgoing.length = 0;
  }

  /** Whether the message that was encoded takes handles along. */
  get isNeeded(): boolean {
    return this.#outgoing.length > 0;
  }

  /** To be called just before the message that was encoded is sent. Returns how many messages go before it. */
  sendAll(channel: Channel, log?: WriteLog): number {
    const handles = this.#outgoing.splice(0);
    for (const [handleId, handle] of handles) {
      stopReading(handle);
      this.#underway.set(handleId, handle);
      const message: HandleTransfer = { type: 'handle-transfer', handleId };
      channel.send(message, handle, log?.add([message]));
    }
    return handles.length;
  }

  /** The other side has it. @throws {ProtocolError} when it was not sent */
  confirm(id: number): void {
    const handle = this.#underway.get(id);
    if (!handle) throw new ProtocolError(`The handle ${id} was confirmed, and is not under way.`);
    this.#underway.delete(id);
    // A server and a datagram socket are shared.
    if (handle instanceof Socket) handle.destroy();
  }

  receive(id: number, handle: Handle | undefined): void {
    if (this.#arrived.has(id)) throw new ProtocolError(`The handle ${id} arrived twice.`);
    this.#arrived.set(id, handle);
  }

  /** To be called after each message: handles that it did not claim belong to nobody. */
  closeUnclaimed(): void {
    if (this.#arrived.size === 0) return;
    for (const [id, handle] of this.#arrived) {
      if (this.#claimed.has(id)) continue;
      if (handle && 'destroy' in handle) handle.destroy();
      else handle?.close();
    }
    this.#arrived.clear();
    this.#claimed.clear();
  }
}

/**
 * What this process reads from now on, the other would never see. Only the native handle can be told to stop: `pause()` lets a
 * socket read on into its buffer. Reading it again, should it stay here, starts it again.
 */
function stopReading(handle: Handle): void {
  const { _handle: native } = handle as { _handle?: { reading?: boolean; readStop?: () => void } | null };
  if (!native?.reading || !native.readStop) return;
  native.reading = false;
  native.readStop();
}
