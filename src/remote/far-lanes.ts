import type { Channel } from '../channel/channel.js';
import { DataDecoder, MESSAGE } from '../channel/data-decoder.js';
import { headerOf } from '../channel/data-socket.js';
import { FrameDecoder } from '../channel/frame-decoder.js';
import { frame, MAX_MESSAGE } from '../channel/frames.js';
import type { OpenBlockingLane } from '../parent/worker.js';
import type { DataLane } from '../session/streams/data-link.js';
import { Lane, type LaneId } from './link/frame.js';

/** Sends bytes on a lane. Returns whether there is room for more. */
export type WriteLane = (lane: LaneId, bytes: Buffer) => boolean;

/** The lane for bytes of streams, in place of a socket to a child of this machine. */
export class FarBytes {
  readonly #write: WriteLane;
  /** Called when the lane has room: their bytes were copied. */
  #written: (() => void)[] = [];
  #decoder: DataDecoder | undefined;

  constructor(write: WriteLane) {
    this.#write = write;
  }

  readonly open: DataLane = (receiver) => {
    this.#decoder = new DataDecoder(receiver);
    const sendBytes = (streamId: number, chunks: readonly Uint8Array[], written?: () => void): void => {
      const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
      const hasRoom = this.#write(Lane.BYTES, Buffer.concat([headerOf(streamId, length), ...chunks]));
      if (hasRoom) written?.();
      else if (written) this.#written.push(written);
    };
    return { sendBytes, sendMessage: (message) => sendBytes(MESSAGE, [receiver.format.encode(message)]) };
  };

  arrive(bytes: Buffer): void {
    this.#decoder?.push(bytes);
  }

  room(): void {
    for (const written of this.#written.splice(0)) written();
  }
}

/** The lane on which the far instance blocks. */
export class FarBlocking {
  readonly #write: WriteLane;
  #decoder: FrameDecoder | undefined;

  constructor(write: WriteLane) {
    this.#write = write;
  }

  readonly open: OpenBlockingLane = (format, onGarbage): Channel => {
    let onMessage: (message: unknown) => void = () => {};
    this.#decoder = new FrameDecoder({
      format,
      maxMessageBytes: MAX_MESSAGE,
      onMessage: (message) => onMessage(message),
      onError: onGarbage,
    });
    return {
      send: (message) => void this.#write(Lane.BLOCKING, frame(format.encode(message))),
      onMessage: (listener) => void (onMessage = listener),
      // The session learns of the end from its channel.
      onClose() {},
      close: () => (this.#decoder = undefined),
    };
  };

  arrive(bytes: Buffer): void {
    this.#decoder?.push(bytes);
  }
}
