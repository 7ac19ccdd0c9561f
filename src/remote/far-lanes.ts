import type { Channel } from '../channel/channel.js';
import { DataDecoder, LARGE, MESSAGE } from '../channel/data-decoder.js';
import { headerOf } from '../channel/data-socket.js';
import type { Decoder } from '../channel/decoder.js';
import { jsonLines, v8Frames } from '../channel/dialect.js';
import { FrameDecoder } from '../channel/frame-decoder.js';
import { frame, MAX_MESSAGE } from '../channel/frames.js';
import { nextTick } from '../clock.js';
import { ProtocolError } from '../errors.js';
import type { OpenBlockingLane } from '../parent/worker.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { SerializationMode } from '../types/serializable.js';
import { BlockingReader } from './blocking-order.js';
import { openOf } from './client-request.js';
import type { Open } from './control.js';
import { Lane, type LaneId } from './link/frame.js';

/** Sends bytes on a lane. Returns whether there is room for more. */
export type WriteLane = (lane: LaneId, bytes: Buffer) => boolean;

export interface FarMessagesOptions {
  mode: SerializationMode;
  write: WriteLane;
  /** Called with the call that asks the agent for its class. It does not go to the agent: the host makes its own. */
  onOpen(open: Pick<Open, 'callId' | 'request'>): void;
  /** Called when data arrives that is not a message. */
  onGarbage(error: ProtocolError): void;
}

/** The lane of messages, as the channel of a session. */
export class FarMessages {
  readonly channel: Channel;
  readonly #decoder: Decoder;
  #onMessage: (message: unknown) => void = () => {};
  #onClose: () => void = () => {};

  constructor({ mode, write, onOpen, onGarbage }: FarMessagesOptions) {
    const dialect = mode === 'advanced' ? v8Frames : jsonLines;
    this.#decoder = dialect.createDecoder({
      maxMessageBytes: MAX_MESSAGE,
      onMessage: (message) => this.#onMessage(message),
      onError: onGarbage,
    });
    this.channel = {
      leavesLater: true,
      send: (message, _handle, written) => {
        const open = openOf(message);
        if (open) onOpen(open);
        else write(Lane.MESSAGES, Buffer.from(dialect.encode(message)));
        if (written) nextTick(written);
      },
      onMessage: (listener) => void (this.#onMessage = listener),
      onClose: (listener) => void (this.#onClose = listener),
      close: () => {},
    };
  }

  arrive(bytes: Buffer): void {
    this.#decoder.push(bytes);
  }

  end(): void {
    this.#onClose();
  }
}

/** The lane for bytes of streams and large bytes of values, in place of a socket to a child of this machine. */
export class FarBytes {
  readonly #write: WriteLane;
  readonly #consume: (count: number) => void;
  /** Called when the lane has room: their bytes were copied. */
  #written: (() => void)[] = [];
  #decoder: DataDecoder | undefined;
  /** Bytes that wait in the decoder, behind large bytes that were not announced yet. */
  #unread = 0;

  /** @param consume called when bytes were read: the lane has room for as many more */
  constructor(write: WriteLane, consume: (count: number) => void) {
    this.#write = write;
    this.#consume = consume;
  }

  readonly open: DataLane = (receiver) => {
    this.#decoder = new DataDecoder({ ...receiver, onEnd() {} });
    const send = (id: number, chunks: readonly Uint8Array[]): boolean => {
      const length = chunks.reduce((sum, { byteLength }) => sum + byteLength, 0);
      return this.#write(Lane.BYTES, Buffer.concat([headerOf(id, length), ...chunks]));
    };
    return {
      sendBytes: (streamId, chunks, written) => {
        if (send(streamId, chunks)) written?.();
        else if (written) this.#written.push(written);
      },
      isWritable: true,
      sendLarge: (id, bytes) => void send(LARGE + id, [bytes]),
      sendMessage: (message) => void send(MESSAGE, [receiver.format.encode(message)]),
      announced: () => {
        this.#decoder?.unblock();
        this.#consumeRead();
      },
      stopWaiting: () => {
        this.#decoder?.stopWaiting();
        this.#consumeRead();
      },
    };
  };

  arrive(bytes: Buffer): void {
    this.#unread += bytes.length;
    this.#decoder?.push(bytes);
    this.#consumeRead();
  }

  room(): void {
    for (const written of this.#written.splice(0)) written();
  }

  end(): void {
    this.#decoder?.end();
  }

  #consumeRead(): void {
    if (this.#unread === 0 || this.#decoder?.isBlocked) return;
    this.#consume(this.#unread);
    this.#unread = 0;
  }
}

/** The lane on which the far instance blocks. */
export class FarBlocking {
  readonly #write: WriteLane;
  readonly #reader: BlockingReader;
  #decoder: FrameDecoder | undefined;
  #wasOpened = false;

  /** @param consume called when bytes were used: the lane has room for as many more */
  constructor(write: WriteLane, consume: (count: number) => void) {
    this.#write = write;
    this.#reader = new BlockingReader((bytes) => this.#decoder?.push(bytes), consume);
  }

  readonly open: OpenBlockingLane = (format, onGarbage): Channel => {
    let onMessage: (message: unknown) => void = () => {};
    this.#wasOpened = true;
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

  /** @throws {ProtocolError} for bytes that break the protocol, or if nothing here may block the instance */
  arrive(bytes: Buffer): void {
    if (!this.#wasOpened) throw new ProtocolError('Bytes arrived for sync(), which the client did not allow.');
    this.#reader.push(bytes);
  }

  /** `count` more bytes of messages have arrived, behind which the instance may have blocked. */
  advance(count: number): void {
    this.#reader.advance(count);
  }
}
