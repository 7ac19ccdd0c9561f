import { writeSync, writevSync } from 'node:fs';
import type { Socket } from 'node:net';
import { nextTick, now, setImmediate } from '../clock.js';
import { adopt } from './adopt.js';
import type { SocketLike } from './channel.js';
import { staging } from './staging.js';

/** How long one socket is read before others get their turn, in ms. libuv alone would read up to 2 MB. */
const READING_TIME = 1;
/** Bytes that are always read in a turn: more than a process has in transit ahead of an invocation for which it blocks. */
const READING_SIZE = 256 * 1024;
/** A smaller read means that no more data is waiting, in bytes. */
const FULL_READ = 32 * 1024;
/**
 * Up to this length, in bytes or characters, a write goes past Node's streams. A longer text would have to be copied if the
 * system took only a part of it.
 */
const SMALL = 16 * 1024;
/** The size of the memory into which sockets read, in bytes. */
const SHARED_BYTES = 256 * 1024;

/** Takes the bytes of a socket. Its methods must not throw. */
export interface ByteReader {
  /** Takes bytes. Their memory is reused when it returns, so it copies what it keeps. */
  push(bytes: Buffer): void;
  /** Returns memory for the next bytes if they have a place where they can stay. Otherwise `push` gets them. */
  room?(): Buffer | undefined;
  /** The next bytes have arrived in the first `length` bytes of the last `room()`. */
  filled?(length: number): void;
  /** Whether it takes no more now. Reading goes on after {@link FastSocket.goOn}. */
  readonly isBlocked?: boolean;
  /** The other side has ended its half, or the socket has closed. Called once. */
  end(): void;
}

/** Only Windows reads while other code runs, so elsewhere all sockets have the same memory. */
let shared: Buffer | undefined;

function sharedMemory(): Buffer {
  if (process.platform === 'win32') return Buffer.allocUnsafeSlow(SHARED_BYTES);
  return (shared ??= Buffer.allocUnsafeSlow(SHARED_BYTES));
}

/**
 * Reads and writes an open socket, which it owns. It reads into memory that is reused, without the machinery of Node's streams,
 * where {@link adopt} can arrange this, and by `'data'` events elsewhere. A socket with much data does not keep others waiting:
 *
 * | state     | reads | next                                                                           |
 * | --------- | ----- | ------------------------------------------------------------------------------ |
 * | `calm`    | yes   | `busy`, at a read so full that more data may wait                              |
 * | `busy`    | yes   | `calm` in the next turn; `waiting`, when this turn has brought much for long   |
 * | `waiting` | no    | `calm` in the next turn                                                        |
 */
export class FastSocket {
  readonly #socket: SocketLike;
  readonly #reader: ByteReader;
  readonly #memory: Buffer;
  readonly #isAdopted: boolean;
  /** Where the next bytes go, if the reader has a place for them. */
  #room: Buffer | undefined;
  #turn: 'calm' | 'busy' | 'waiting' = 'calm';
  #busySince = 0;
  #readWhileBusy = 0;

  /** Call it in the turn of the event loop in which the socket was opened. */
  constructor(opened: SocketLike, reader: ByteReader) {
    this.#reader = reader;
    this.#memory = sharedMemory();
    const adopted = adopt(opened, {
      buffer: () => (this.#room = reader.room?.()) ?? this.#memory,
      callback: (length, memory) => this.#take(length, memory),
    });
    this.#isAdopted = adopted !== undefined;
    this.#socket = adopted ?? opened;
    if (!adopted) this.#listen();
    // Ignored: write errors go to the callbacks, and a `'close'` event follows.
    this.#socket.on('error', () => {});
    let isOver = false;
    const end = (): void => {
      if (!isOver) reader.end();
      isOver = true;
    };
    this.#socket.once('end', end);
    // If the other side closed without reading everything, 'close' comes without an 'end'.
    this.#socket.once('close', end);
  }

  /** Whether it is open for writing. */
  get isWritable(): boolean {
    return this.#socket.writable;
  }

  /** The number of bytes, or characters of texts, that were written but have not left this process. */
  get unwritten(): number {
    return this.#socket.writableLength;
  }

  /** The error that has closed it. */
  get failure(): Error | null {
    return this.#socket.errored;
  }

  /** @param written called when the bytes may be changed again, or with the error */
  write(bytes: string | Uint8Array, written?: (error?: Error | null) => void): void {
    const rest = bytes.length > SMALL ? bytes : this.#writeDirectly(bytes);
    if (rest !== undefined) this.#socket.write(rest, written);
    else if (written) nextTick(written);
  }

  /**
   * Writes bytes that may change as soon as it returns: copies only what the system does not take at once.
   * @param header is written before them, and does not change
   */
  writeSnapshot(header: Buffer, bytes: Uint8Array): void {
    const written = this.#writeAtOnce([header, bytes]);
    this.together(() => {
      if (written < header.length) this.write(header.subarray(written));
      const rest = bytes.subarray(Math.max(written - header.length, 0));
      if (rest.byteLength === 0) return;
      const copy = staging.copy(rest);
      this.write(copy.bytes, () => copy.release());
    });
  }

  /** The reader takes more again. */
  goOn(): void {
    if (this.#turn !== 'waiting') this.#socket.resume();
  }

  /** Makes several writes one. */
  together(write: () => void): void {
    this.#socket.cork();
    write();
    this.#socket.uncork();
  }

  /** Closes it when everything is written. */
  end(): void {
    this.#socket.end(() => this.#socket.destroy());
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Makes it keep this process alive. */
  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  /**
   * Writes past Node's streams, unless something else waits.
   * @returns what the system did not take, or `undefined` if it took all
   */
  #writeDirectly(bytes: string | Uint8Array): string | Uint8Array | undefined {
    const descriptor = this.#freeDescriptor();
    if (descriptor === undefined) return bytes;
    try {
      const taken = typeof bytes === 'string' ? writeSync(descriptor, bytes) : writeSync(descriptor, bytes);
      return taken === Buffer.byteLength(bytes) ? undefined : Buffer.from(bytes as string).subarray(taken);
    } catch {
      // It takes none now, or never will: the ordinary write waits, or reports the error.
      return bytes;
    }
  }

  /** Writes what the system takes at once, unless something else waits. Returns how many bytes. */
  #writeAtOnce(parts: Uint8Array[]): number {
    const descriptor = this.#freeDescriptor();
    if (descriptor === undefined) return 0;
    try {
      return writevSync(descriptor, parts);
    } catch {
      return 0;
    }
  }

  /** The number of the descriptor, unless something waits to be written before. Node does not tell it on Windows. */
  #freeDescriptor(): number | undefined {
    const { writable, writableLength, writableCorked = 0 } = this.#socket as Partial<Socket>;
    if (!this.#isAdopted || !writable || writableLength !== 0 || writableCorked > 0) return undefined;
    const fd = (this.#socket as { _handle?: { fd?: number } | null })._handle?.fd;
    return fd !== undefined && fd >= 0 ? fd : undefined;
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      if (!this.#mayGoOn(chunk.length)) this.#socket.pause();
    });
  }

  /** @returns whether to read on */
  #take(length: number, memory: Uint8Array): boolean {
    if (memory === this.#room) this.#reader.filled?.(length);
    else this.#reader.push(this.#memory.subarray(0, length));
    return this.#mayGoOn(length);
  }

  #mayGoOn(length: number): boolean {
    const isBlocked = this.#reader.isBlocked === true;
    if (length < FULL_READ) return !isBlocked;
    this.#readWhileBusy += length;
    if (this.#turn === 'calm') {
      this.#turn = 'busy';
      this.#busySince = now();
      setImmediate(() => this.#startTurn());
    } else if (this.#readWhileBusy >= READING_SIZE && now() - this.#busySince > READING_TIME) this.#turn = 'waiting';
    return this.#turn !== 'waiting' && !isBlocked;
  }

  #startTurn(): void {
    const wasWaiting = this.#turn === 'waiting';
    this.#turn = 'calm';
    this.#readWhileBusy = 0;
    if (wasWaiting && this.#reader.isBlocked !== true) this.#socket.resume();
  }
}
