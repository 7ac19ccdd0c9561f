import { nextTick, now, setImmediate } from '../clock.js';
import type { Socket } from 'node:net';
import type { ProtocolError } from '../errors.js';
import type { StreamFormat } from './dialect.js';
import { atExit } from './at-exit.js';

/** So many messages of one tick are each written at once; those after them are written together: */
const BURST = 4;
/** when they have grown to so many characters, */
const FLUSH_SIZE = 64 * 1024;
/** when so many ms have gone by, and at the end of the tick. */
const FLUSH_AGE = 1;
/** For so many ms one socket is read before the others have their turn: the system would go on for 2 MB. */
const READING_TIME = 1;
/** So much is read in any case, in bytes: more than a process has under way that blocks for an answer, whose messages go before. */
const READING_SIZE = 256 * 1024;
/** A smaller chunk was all that there was, in bytes. */
const FULL_CHUNK = 32 * 1024;

/** Called when a message has left this process, with `null`, or could not. */
export type Written = (error: Error | null) => void;

export interface MessageSocketOptions {
  dialect: StreamFormat;
  /** The longest message that is taken, in bytes. */
  maxMessageBytes: number;
  /** Takes each message, in its order. It must not throw. */
  onMessage(message: unknown): void;
  /** What came is no message, or the other side closed the socket within one. {@link onEnd} follows. */
  onError(error: ProtocolError): void;
  /** Messages could not be written for which there is no {@link Written}, and the operating system said so at once. */
  onUnwritten(error: Error): void;
  /** The socket is closed, and not by {@link MessageSocket.close}. */
  onEnd(): void;
}

/** Messages on a socket, in both directions. It owns the socket. */
export class MessageSocket {
  readonly #socket: Socket;
  readonly #options: MessageSocketOptions;
  readonly #stopWatchingExit: () => void;
  #open = true;
  /** What is to be written together. */
  #parts: (string | Buffer)[] = [];
  #size = 0;
  #written: (Written | undefined)[] = [];
  /** How many messages this tick has brought. */
  #inTick = 0;
  #flushedAt = 0;
  #exiting = false;
  /** Whether the socket keeps this process alive. */
  #held = true;
  /** When the first full chunk of this turn of the event loop came, and how much has come since. */
  #readingSince: number | undefined;
  #readInTurn = 0;
  /** How many writes are under way. They keep it alive too, which Bun does not see to by itself. */
  #writing = 0;

  constructor(socket: Socket, options: MessageSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#stopWatchingExit = atExit(() => {
      this.#exiting = true;
      this.#flush();
    });
    this.#read();
    // Whoever wrote is told of what could not be written; the rest is seen at the close.
    socket.on('error', () => {});
  }

  /** What has not left this process: bytes, or characters. */
  get backlog(): number {
    return this.#socket.writableLength + this.#size;
  }

  /** @throws when the message cannot be written as this dialect does */
  send(message: unknown, written?: Written): void {
    const part = this.#options.dialect.encode(message);
    // A large one is not copied to join the others.
    if (part.length >= FLUSH_SIZE) this.#flush();
    this.#parts.push(part);
    this.#written.push(written);
    this.#size += part.length;
    if (this.#inTick++ === 0) nextTick(() => this.#endTick());
    if (this.#inTick <= BURST || this.#exiting || this.#size >= FLUSH_SIZE || this.#isStale()) this.#flush();
  }

  /** Nothing is delivered from now on. What was sent is still written. */
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
    // Without an 'end' before it, where the other side left unread what was sent to it.
    this.#socket.once('close', finish);
  }

  /** Stops to read until the next turn where this one has been long: a flood is not to keep other sockets waiting. */
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
    // As Node does: of a child that dies while it is being sent to, 'disconnect' tells, and the callbacks.
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

/** All are of one kind, that of the dialect. */
function joined(parts: readonly (string | Buffer)[]): string | Buffer {
  const [first = ''] = parts;
  if (parts.length === 1) return first;
  return typeof first === 'string' ? parts.join('') : Buffer.concat(parts as readonly Buffer[]);
}

/** Each in a tick of its own: one that throws keeps no other from being called. */
function tell(written: readonly (Written | undefined)[], error: Error | null): void {
  for (const callback of written) if (callback) nextTick(callback, error);
}
