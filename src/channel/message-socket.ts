import { nextTick, now, setImmediate } from '../clock.js';
import type { ProtocolError } from '../errors.js';
import type { SocketLike } from './channel.js';
import type { StreamFormat } from './dialect.js';
import { atExit } from './at-exit.js';

/** Messages of a tick that are written individually. Later ones wait, until the end of the tick at most, to be written together. */
const BURST = 4;
/** Messages that wait are written earlier if they have this many characters. */
const FLUSH_SIZE = 64 * 1024;
/** Messages that wait are written earlier if the last write was this long ago, in ms. */
const FLUSH_AGE = 1;
/** How long one socket is read before others get their turn, in ms. libuv alone would read up to 2 MB. */
const READING_TIME = 1;
/** Bytes that are always read in a turn: more than a process has in transit ahead of an invocation for which it blocks. */
const READING_SIZE = 256 * 1024;
/** A smaller chunk means that no more data is waiting, in bytes. */
const FULL_CHUNK = 32 * 1024;

/** Called with `null` when a message has left this process, or with the error if it could not be written. */
export type Written = (error: Error | null) => void;

export interface MessageSocketOptions {
  dialect: StreamFormat;
  /** The longest message that is accepted, in bytes. */
  maxMessageBytes: number;
  /** Called with each message, in order. It must not throw. */
  onMessage(message: unknown): void;
  /** Called when data is not a message, or the socket closes in the middle of a message. {@link onEnd} follows. */
  onError(error: ProtocolError): void;
  /** Called when a write fails immediately and one of its messages has no {@link Written} callback. */
  onUnwritten(error: Error): void;
  /** Called when the socket closes, unless {@link MessageSocket.close} closed it. */
  onEnd(): void;
}

/** Sends and receives messages on a socket, which it owns. */
export class MessageSocket {
  readonly #socket: SocketLike;
  readonly #options: MessageSocketOptions;
  readonly #stopWatchingExit: () => void;
  #open = true;
  /** Encoded messages that will be written together. */
  #parts: (string | Buffer)[] = [];
  #size = 0;
  #written: (Written | undefined)[] = [];
  /** How many messages were sent in this tick. */
  #inTick = 0;
  #flushedAt = 0;
  #exiting = false;
  /** Whether the socket keeps this process alive. */
  #held = true;
  /** When the first full chunk of this turn of the event loop arrived. */
  #readingSince: number | undefined;
  #readInTurn = 0;
  /** The number of pending writes. They keep this process alive too, which Bun does not do by itself. */
  #writing = 0;

  constructor(socket: SocketLike, options: MessageSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#stopWatchingExit = atExit(() => {
      this.#exiting = true;
      this.#flush();
    });
    this.#read();
    // Ignored: write errors go to the callbacks, and a `'close'` event follows.
    socket.on('error', () => {});
  }

  /** How much has not left this process, in bytes or characters. */
  get backlog(): number {
    return this.#socket.writableLength + this.#size;
  }

  /** @throws if this format cannot write the message */
  send(message: unknown, written?: Written): void {
    const part = this.#options.dialect.encode(message);
    // Writes a large message separately, to avoid copying it.
    if (part.length >= FLUSH_SIZE) this.#flush();
    this.#parts.push(part);
    this.#written.push(written);
    this.#size += part.length;
    if (this.#inTick++ === 0) nextTick(() => this.#endTick());
    if (this.#inTick <= BURST || this.#exiting || this.#size >= FLUSH_SIZE || this.#isStale()) this.#flush();
  }

  /** Stops delivering messages. Messages that were sent are still written. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#flush();
    this.#stopWatchingExit();
    this.#socket.end(() => this.#socket.destroy());
  }

  ref(): void {
    this.#held = true;
    this.#socket.ref();
  }

  unref(): void {
    this.#held = false;
    if (this.#writing === 0) this.#socket.unref();
  }

  #read(): void {
    const { dialect, maxMessageBytes, onMessage, onError } = this.#options;
    const decoder = dialect.createDecoder({
      maxMessageBytes,
      onMessage: (message) => {
        if (this.#open) onMessage(message);
      },
      onError: (error) => {
        onError(error);
        this.#end();
      },
    });
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#open) return;
      if (chunk.length >= FULL_CHUNK) this.#shareTurn(chunk.length);
      decoder.push(chunk);
    });
    const finish = (): void => {
      if (this.#open) decoder.end();
      this.#end();
    };
    this.#socket.once('end', finish);
    // If the other side closed without reading everything, 'close' comes without an 'end'.
    this.#socket.once('close', finish);
  }

  /** Pauses reading until the next turn if this one has been long, so that a flood does not keep other sockets waiting. */
  #shareTurn(bytes: number): void {
    const time = now();
    this.#readInTurn += bytes;
    if (this.#readingSince === undefined) {
      this.#readingSince = time;
      setImmediate(() => {
        this.#readingSince = undefined;
        this.#readInTurn = 0;
        if (this.#open) this.#socket.resume();
      });
    } else if (time - this.#readingSince > READING_TIME && this.#readInTurn >= READING_SIZE) this.#socket.pause();
  }

  #isStale(): boolean {
    return now() - this.#flushedAt > FLUSH_AGE;
  }

  #endTick(): void {
    this.#inTick = 0;
    this.#flush();
  }

  #flush(): void {
    if (this.#parts.length === 0) return;
    const written = this.#written;
    const whole = joined(this.#parts);
    this.#parts = [];
    this.#written = [];
    this.#size = 0;
    this.#flushedAt = now();
    if (this.#writing++ === 0 && !this.#held) this.#socket.ref();
    this.#socket.write(whole, (error) => {
      if (--this.#writing === 0 && !this.#held) this.#socket.unref();
      tell(written, error ? (this.#socket.errored ?? error) : null);
    });
    // As in Node, an 'error' event only follows an immediate failure. A later one is reported by 'disconnect' and the callbacks.
    const { errored } = this.#socket;
    if (errored && written.includes(undefined)) nextTick(this.#options.onUnwritten, errored);
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
