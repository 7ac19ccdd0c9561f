import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { clearTimeout, setImmediate, setTimeout } from '../clock.js';
import { ChannelError } from '../errors.js';
import type { PipeAddress } from './pipe-address.js';

type Done = (error?: Error | null) => void;

/**
 * The parent's end of a named pipe, for a child on Windows that does not inherit descriptors: a program in any language can open a
 * pipe by its name. What is written before the child has opened it waits here.
 *
 *     listening ── a stranger connects ──> listening, and the stranger is cut off
 *        ├── the child connects, and writes the secret ──> open: the name is gone, and others are refused
 *        └── the child ends, or has not started ──> closed
 *
 * The name has 128 random bits. Other users can list the names of pipes, and may open one to read from it, so that nothing is
 * written before the secret has come, which only the child's environment has.
 */
export class NamedPipe extends Duplex {
  readonly address: PipeAddress;
  readonly #server: Server;
  /** Connections that have not written the secret. */
  readonly #strangers = new Set<Socket>();
  #socket: Socket | undefined;
  /** A write, or the end, that waits for the child. */
  #waiting: { start(socket: Socket): void; fail: Done } | undefined;
  #held = true;

  /** @param path tests on other systems pass the path of a socket */
  constructor(path = `\\\\.\\pipe\\procxy-${randomHex(16)}`) {
    super({ allowHalfOpen: false });
    this.address = { path, secret: randomHex(32) };
    this.#server = createServer((socket) => this.#examine(socket));
    this.#server.on('error', (error) => this.destroy(error));
    // `exclusive`: in a worker of `cluster`, the primary must not listen instead. Other users may neither read nor write.
    this.#server.listen({ path: this.address.path, exclusive: true, readableAll: false, writableAll: false });
  }

  /** Closes the pipe if the child has ended without opening it. What it wrote may still arrive. */
  childEnded(): void {
    if (this.#socket) return;
    const timer = setTimeout(() => this.#giveUp(ARRIVAL_TURNS), LATEST_ARRIVAL);
    this.once('close', () => clearTimeout(timer));
  }

  ref(): this {
    return this.#hold(true);
  }

  unref(): this {
    return this.#hold(false);
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, written: Done): void {
    this.#whenOpen((socket) => socket.write(chunk, written), written);
  }

  override _final(done: Done): void {
    this.#whenOpen((socket) => socket.end(done), done);
  }

  override _read(): void {
    this.#socket?.resume();
  }

  override _destroy(error: Error | null, done: Done): void {
    this.#stopListening();
    this.#socket?.destroy();
    this.#waiting?.fail(error ?? new ChannelError('The child ended, or never opened the pipe.'));
    done(error);
  }

  /** Reads the secret from a new connection. */
  #examine(socket: Socket): void {
    const expected = Buffer.from(`${this.address.secret}\n`);
    let read = Buffer.alloc(0);
    this.#strangers.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => this.#strangers.delete(socket));
    const look = (chunk: Buffer): void => {
      read = Buffer.concat([read, chunk]);
      if (read.length < expected.length) return;
      const [secret, rest] = [read.subarray(0, expected.length), read.subarray(expected.length)];
      if (this.#socket || !timingSafeEqual(secret, expected)) {
        socket.destroy();
        return;
      }
      socket.off('data', look);
      this.#open(socket, rest);
    };
    socket.on('data', look);
  }

  #open(socket: Socket, first: Buffer): void {
    this.#socket = socket;
    this.#strangers.delete(socket);
    this.#stopListening();
    this.#hold(this.#held);
    const take = (chunk: Buffer): void => {
      if (!this.push(chunk)) socket.pause();
    };
    socket.on('data', take);
    let ended = false;
    socket.once('end', () => {
      ended = true;
      this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    // What has arrived may still have to be read.
    socket.once('close', () => ended || this.destroy());
    if (first.length > 0) take(first);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.start(socket);
  }

  /** Only one write at a time comes here. */
  #whenOpen(start: (socket: Socket) => void, fail: Done): void {
    if (this.#socket) start(this.#socket);
    else this.#waiting = { start, fail };
  }

  /** If this process was blocked meanwhile, the connection has come, and takes some turns to accept and read. */
  #giveUp(turns: number): void {
    if (this.#socket || this.destroyed) return;
    if (turns === 0) this.destroy();
    else setImmediate(() => this.#giveUp(turns - 1));
  }

  #stopListening(): void {
    if (this.#server.listening) this.#server.close();
    for (const stranger of this.#strangers) stranger.destroy();
  }

  #hold(held: boolean): this {
    this.#held = held;
    const change = held ? 'ref' : 'unref';
    this.#server[change]();
    this.#socket?.[change]();
    return this;
  }
}

/** How long a child's connection may still be on its way when the child has ended, in ms. */
const LATEST_ARRIVAL = 500;
/** How many turns of the event loop it takes at most to accept a connection and read the secret. */
const ARRIVAL_TURNS = 20;

function randomHex(bytes: number): string {
  return randomBytes(bytes).toString('hex');
}
