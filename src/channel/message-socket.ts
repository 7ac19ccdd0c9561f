import { nextTick, now } from '../clock.js';
import type { ProtocolError } from '../errors.js';
import type { SocketLike } from './channel.js';
import { atExit } from './at-exit.js';
import type { StreamFormat } from './dialect.js';
import { FastSocket, type ByteReader } from './fast-socket.js';

/** Messages of a tick that are written individually. Later ones wait, until the end of the tick at most, to be written together. */
const BURST = 4;
/** Messages that wait are written earlier if they have this many characters. */
const FLUSH_SIZE = 64 * 1024;
/** Messages that wait are written earlier if the last write was this long ago, in ms. */
const FLUSH_AGE = 1;
/** Called with `null` when a message has left this process, or with the error if it could not be written. */
export type Written = (error: Error | null) => void;

export interface MessageSocketOptions {
  dialect: StreamFormat;
  /** The longest message that is accepted, in bytes. */
  maxMessageBytes: number;
  /** Called with each message, in order. It must not throw. `isAlone`: no other message was read with it. */
  onMessage(message: unknown, isAlone: boolean): void;
  /** Called when data is not a message, or the socket closes in the middle of a message. {@link onEnd} follows. */
  onError(error: ProtocolError): void;
  /** Called when a write fails immediately and one of its messages has no {@link Written} callback. */
  onUnwritten(error: Error): void;
  /** Called when the socket closes, unless {@link MessageSocket.close} closed it. */
  onEnd(): void;
}

/** Sends and receives messages on a socket, which it owns. */
export class MessageSocket {
  readonly #socket: FastSocket;
  readonly #options: MessageSocketOptions;
  readonly #stopWatchingExit: () => void;
  #open = true;
  /** Encoded messages that will be written together. */
  #parts: (string | Buffer)[] = [];
  #size = 0;
  #written: (Written | undefined)[] = [];
  /** How many messages were sent in this tick. */
  #inTick = 0;
  /** When messages were written last. Known once this tick has {@link BURST}. */
  #flushedAt = 0;
  #exiting = false;
  /** Whether the socket keeps this process alive. */
  #held = true;
  /** The number of pending writes. They keep this process alive too, which Bun does not do by itself. */
  #writing = 0;
  /** The messages of the bytes that are being read. */
  readonly #arrived: unknown[] = [];

  /** Call it in the turn of the event loop in which the socket was opened. */
  constructor(opened: SocketLike, options: MessageSocketOptions) {
    this.#options = options;
    this.#stopWatchingExit = atExit(() => {
      this.#exiting = true;
      this.#flush();
    });
    this.#socket = new FastSocket(opened, this.#reader());
  }

  /** How much has not left this process, in bytes or characters. */
  get backlog(): number {
    return this.#socket.unwritten + this.#size;
  }

  /** @throws if this format cannot write the message */
  send(message: unknown, written?: Written): void {
    const part = this.#options.dialect.encode(message);
    if (this.#inTick++ === 0) nextTick(this.#endTick);
    const isLarge = part.length >= FLUSH_SIZE;
    // A large message is written by itself, to avoid copying it.
    if (isLarge) this.#flush();
    if (this.#inTick === BURST) this.#flushedAt = now();
    if (isLarge || this.#inTick <= BURST || this.#exiting) return this.#write(part, written);
    this.#parts.push(part);
    this.#written.push(written);
    this.#size += part.length;
    if (this.#size >= FLUSH_SIZE || now() - this.#flushedAt > FLUSH_AGE) this.#flush();
  }

  /** Stops delivering messages. Messages that were sent are still written. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#flush();
    this.#stopWatchingExit();
    this.#socket.end();
  }

  ref(): void {
    this.#held = true;
    this.#socket.ref();
  }

  unref(): void {
    this.#held = false;
    if (this.#writing === 0) this.#socket.unref();
  }

  #reader(): ByteReader {
    const { dialect, maxMessageBytes, onError } = this.#options;
    const decoder = dialect.createDecoder({
      maxMessageBytes,
      onMessage: (message) => this.#arrived.push(message),
      onError: (error) => {
        this.#deliver();
        onError(error);
        this.#end();
      },
    });
    return {
      push: (bytes) => {
        if (!this.#open) return;
        decoder.push(bytes);
        this.#deliver();
      },
      room: () => decoder.room?.(),
      filled: (length) => {
        if (!this.#open) return;
        decoder.filled?.(length);
        this.#deliver();
      },
      end: () => {
        if (this.#open) decoder.end();
        this.#end();
      },
    };
  }

  #deliver(): void {
    const { length } = this.#arrived;
    if (length === 1) return this.#options.onMessage(this.#arrived.pop(), true);
    if (length > 1)
      for (const message of this.#arrived.splice(0)) if (this.#open) this.#options.onMessage(message, false);
  }

  readonly #endTick = (): void => {
    this.#inTick = 0;
    this.#flush();
  };

  #flush(): void {
    if (this.#parts.length === 0) return;
    const written = this.#written;
    const whole = joined(this.#parts);
    this.#parts = [];
    this.#written = [];
    this.#size = 0;
    this.#flushedAt = now();
    this.#write(whole, (error) => tell(written, error), written.includes(undefined));
  }

  /** @param isUnheard whether the sender of a message is not told of its failure */
  #write(bytes: string | Buffer, written: Written | undefined, isUnheard = written === undefined): void {
    if (this.#writing++ === 0 && !this.#held) this.#socket.ref();
    this.#socket.write(bytes, (error) => {
      if (--this.#writing === 0 && !this.#held) this.#socket.unref();
      written?.(error ? (this.#socket.failure ?? error) : null);
    });
    // As in Node, an 'error' event only follows an immediate failure. A later one is reported by 'disconnect' and the callbacks.
    const { failure } = this.#socket;
    if (failure && isUnheard) nextTick(this.#options.onUnwritten, failure);
  }

  #end(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#stopWatchingExit();
    this.#socket.destroy();
    this.#options.onEnd();
  }
}

/** Joins parts, which are either all strings or all Buffers. */
function joined(parts: readonly (string | Buffer)[]): string | Buffer {
  const [first = ''] = parts;
  if (parts.length === 1) return first;
  return typeof first === 'string' ? parts.join('') : Buffer.concat(parts as readonly Buffer[]);
}

/** Calls each callback in its own tick, so that one that throws does not affect the others. */
function tell(written: readonly (Written | undefined)[], error: Error | null): void {
  for (const callback of written) if (callback) nextTick(callback, error);
}
