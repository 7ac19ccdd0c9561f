import type { Channel, Handle } from '../channel/channel.js';
import type { HandleExchange } from '../codec/handle-codec.js';
import { HandleTransferError, ProtocolError } from '../errors.js';

/** The handles between an encoding and its sending, and between their arrival and the decoding of what they belong to. */
export class Handles implements HandleExchange {
  readonly #outgoing: [id: number, handle: Handle][] = [];
  readonly #arrived = new Map<number, Handle | undefined>();
  #lastId = 0;

  export(handle: Handle): number {
    this.#outgoing.push([++this.#lastId, handle]);
    return this.#lastId;
  }

  import(id: number): Handle {
    if (!this.#arrived.has(id)) throw new ProtocolError(`There is no handle ${id}.`);
    const handle = this.#arrived.get(id);
    this.#arrived.delete(id);
    // Node delivers the message without it when the connection broke on the way.
    if (!handle) throw new HandleTransferError('The handle was closed on its way.');
    return handle;
  }

  /** What was being encoded is not sent: its handles stay with their owner. */
  discard(): void {
    this.#outgoing.length = 0;
  }

  /** To be called just before the message that was encoded is sent. */
  sendAll(channel: Channel): void {
    for (const [handleId, handle] of this.#outgoing.splice(0))
      channel.send({ type: 'handle-transfer', handleId }, handle);
  }

  receive(id: number, handle: Handle | undefined): void {
    if (this.#arrived.has(id)) throw new ProtocolError(`The handle ${id} arrived twice.`);
    this.#arrived.set(id, handle);
  }

  /** To be called after each message: handles that it did not claim belong to nobody. */
  closeUnclaimed(): void {
    if (this.#arrived.size === 0) return;
    for (const handle of this.#arrived.values()) {
      if (handle && 'destroy' in handle) handle.destroy();
      else handle?.close();
    }
    this.#arrived.clear();
  }
}
