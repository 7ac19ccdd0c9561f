import { Socket } from 'node:net';
import type { Handle } from '../channel/channel.js';
import type { HandleExchange } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError } from '../errors.js';
import type { Message } from '../protocol.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';

/** Messages that never hold a handle, and may come between one and the message that does. */
const holdNone = new Set<Message['type']>(['handle-transfer', 'property-update']);

/**
 * The handles on their way. A socket belongs to its sender until the other side confirms that it has it, and is closed
 * here only then: one that could not be delivered is still its owner's.
 */
export class Handles implements HandleExchange, SessionPart {
  readonly handlers: Handlers = {
    'handle-transfer': ({ handleId }, { handle }) => this.#receive(handleId, handle),
    'handle-received': ({ handleId }) => this.#confirm(handleId),
  };
  #link!: SessionApi;
  /** Between the encoding of a message and its sending. */
  readonly #outgoing: [id: number, handle: Handle][] = [];
  /** Sent and not yet confirmed. */
  readonly #underway = new Map<number, Handle>();
  /** Between their arrival and the decoding of the message that they belong to. */
  readonly #arrived = new Map<number, Handle | undefined>();
  /** Those of them that a descriptor has named; another descriptor of the same message may name them again. */
  readonly #claimed = new Set<number>();
  #lastId = 0;

  attach(link: SessionApi): void {
    this.#link = link;
  }

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

  /** Sends the handles of the message that was encoded. */
  beforeWrite(): boolean {
    if (this.#outgoing.length === 0) return false;
    for (const [handleId, handle] of this.#outgoing.splice(0)) {
      stopReading(handle);
      this.#underway.set(handleId, handle);
      this.#link.sendHandle({ type: 'handle-transfer', handleId }, handle);
    }
    return true;
  }

  /** Handles that the message did not claim belong to nobody. */
  afterMessage({ type }: Message): void {
    if (this.#arrived.size > 0 && !holdNone.has(type)) this.#closeUnclaimed();
  }

  close(): void {
    this.#closeUnclaimed();
  }

  /** The other side has it. @throws {ProtocolError} when it was not sent */
  #confirm(id: number): void {
    const handle = this.#underway.get(id);
    if (!handle) throw new ProtocolError(`The handle ${id} was confirmed, and is not under way.`);
    this.#underway.delete(id);
    // A server and a datagram socket are shared.
    if (handle instanceof Socket) handle.destroy();
  }

  #receive(id: number, handle: Handle | undefined): void {
    if (this.#arrived.has(id)) throw new ProtocolError(`The handle ${id} arrived twice.`);
    this.#arrived.set(id, handle);
    this.#link.sendControl({ type: 'handle-received', handleId: id });
  }

  #closeUnclaimed(): void {
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
