import { ProtocolError } from '../errors.js';
import type { InstanceFrame } from '../protocol.js';
import { isObject } from '../is-object.js';
import type { Channel } from './channel.js';

/** The blocking lane of a child with several instances. Each frame names its instance. */
export class SharedLane {
  readonly #channel: Pick<Channel, 'send'>;
  readonly #listeners = new Map<number, (message: unknown) => void>();

  /** @param channel its owner passes what arrives to {@link receive} */
  constructor(channel: Pick<Channel, 'send'>) {
    this.#channel = channel;
  }

  /** Returns this side's end of the lane of one instance. */
  laneOf(instance: number): Channel {
    return {
      send: (message) => this.#channel.send({ instance, message } satisfies InstanceFrame),
      onMessage: (listener) => void this.#listeners.set(instance, listener),
      // The session learns of the end from its channel.
      onClose() {},
      close: () => void this.#listeners.delete(instance),
    };
  }

  /** @throws {ProtocolError} if the frame names no instance, or has no message */
  receive(frame: unknown): void {
    const { instance, message } = (isObject(frame) ? frame : {}) as Partial<InstanceFrame>;
    const listener = this.#listeners.get(instance as number);
    if (!listener || !isObject(message)) {
      throw new ProtocolError('A message on the socket for sync() names no instance that waits.');
    }
    listener(message);
  }
}
