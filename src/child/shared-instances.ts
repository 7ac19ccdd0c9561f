import type { ArrivedHandle, Channel } from '../channel/channel.js';
import { MuxChannel, type InstanceChannel } from '../channel/mux-channel.js';
import { setImmediate } from '../clock.js';
import type { ProtocolError } from '../errors.js';
import type { InstanceFrame, LoadRequest } from '../protocol.js';
import type { BlockingLane } from '../session/sync/blocking-calls.js';
import { withDebugLog } from '../session/wire/debug-log.js';
import type { LoadedClass } from './load-class.js';
import type { Place } from './place.js';
import { serveInstance, type ServedInstance } from './serve-instance.js';

/**
 * Several instances in this process. Each has a session of its own on a channel of its own, so that one ends without the others.
 * They share the class, the process and its blocking lane.
 */
export class SharedInstances implements Iterable<ServedInstance> {
  readonly #channel: Channel;
  readonly #place: Place;
  readonly #onViolation: (error: ProtocolError) => void;
  readonly #served = new Set<ServedInstance>();
  #mux: MuxChannel | undefined;
  /** The class is the same for all of them. */
  #loaded: LoadedClass | undefined;
  /** The process can wait for one answer at a time. */
  #lane: BlockingLane | undefined;

  /**
   * @param channel the channel of this process
   * @param place where a single instance would live
   */
  constructor(channel: Channel, place: Place, onViolation: (error: ProtocolError) => void) {
    this.#channel = channel;
    this.#place = place;
    this.#onViolation = onViolation;
  }

  [Symbol.iterator](): Iterator<ServedInstance> {
    return this.#served[Symbol.iterator]();
  }

  /** Handles a message of the channel that the session with the agent does not know. */
  readonly receive = (message: object, handle: ArrivedHandle | undefined): void => {
    this.#mux ??= new MuxChannel(this.#channel, (channel) => this.#serve(channel));
    this.#mux.receive(message, handle);
  };

  /** Writes messages that are held back. */
  flush(): void {
    for (const { session } of this.#served) session.flush();
  }

  /** Writes them, and holds none back any more. */
  disableBatches(): void {
    for (const { session } of this.#served) session.disableBatches();
  }

  #serve(channel: InstanceChannel): void {
    const { ownFile } = this.#place;
    const close = (): void => {
      served.close();
      this.#served.delete(served);
    };
    const place: Place = {
      ownFile,
      load: (request) => this.#load(request),
      // The data socket belongs to the process. Bytes of streams travel in messages.
      bytes: () => undefined,
      blocking: (request) => this.#laneOf(request, channel.instance),
      async leave() {
        // The answer to the parent's request is sent in this turn.
        await new Promise((resolve) => setImmediate(resolve));
        served.session.flush();
        close();
        channel.close();
      },
    };
    const served = serveInstance(
      withDebugLog(channel, `parent, instance ${channel.instance},`),
      place,
      this.#onViolation,
    );
    this.#served.add(served);
    // The parent has given the instance up. Its code cannot be stopped, but reaches nobody any more.
    channel.onClose(close);
  }

  async #load(request: LoadRequest): Promise<LoadedClass> {
    this.#loaded ??= await this.#place.load(request);
    return this.#loaded;
  }

  #laneOf(request: LoadRequest, instance: number): BlockingLane | undefined {
    this.#lane ??= this.#place.blocking(request);
    const lane = this.#lane;
    return (
      lane && {
        write: (message) => lane.write({ instance, message } satisfies InstanceFrame),
        read: () => (lane.read() as InstanceFrame | undefined)?.message,
      }
    );
  }
}
