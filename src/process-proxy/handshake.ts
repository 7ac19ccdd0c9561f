import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from '../clock.js';
import { afterReading } from '../after-reading.js';
import {
  decodeHello,
  MAGIC_SIZE,
  PLAIN_HELLO_SIZE,
  PLAIN_MAGIC,
  SESSION_HELLO_SIZE,
  SESSION_MAGIC,
  type Hello,
} from './protocol.js';

/** How many sockets may wait for their hello. Above that, the one that has waited longest is closed. */
const MAX_WAITING = 256;

const helloSizes: ReadonlyMap<string, number> = new Map([
  [PLAIN_MAGIC, PLAIN_HELLO_SIZE],
  [SESSION_MAGIC, SESSION_HELLO_SIZE],
]);

/** Reads the hellos of new sockets. */
export class Handshakes {
  readonly #waiting = new Set<Socket>();
  readonly #timeout: number;
  readonly #onHello: (socket: Socket, hello: Hello) => void;

  /** @param timeout how long a socket may take to send its whole hello, in ms */
  constructor(timeout: number, onHello: (socket: Socket, hello: Hello) => void) {
    this.#timeout = timeout;
    this.#onHello = onHello;
  }

  add(socket: Socket): void {
    const [oldest] = this.#waiting;
    if (oldest && this.#waiting.size >= MAX_WAITING) oldest.destroy();
    this.#waiting.add(socket);
    let cancel: (() => void) | undefined;
    // A hello that arrived while this process was blocked is not late: it is read first.
    const timer = setTimeout(() => (cancel = afterReading(leave)), this.#timeout);
    let magic: Buffer | null = null;
    const stop = (): void => {
      clearTimeout(timer);
      cancel?.();
      this.#waiting.delete(socket);
      socket.off('readable', read).off('close', stop).off('end', leave);
    };
    const leave = (): void => void socket.destroy();
    const read = (): void => {
      magic ??= socket.read(MAGIC_SIZE) as Buffer | null;
      if (!magic) return;
      const size = helloSizes.get(magic.toString('latin1'));
      if (size === undefined) return leave();
      const rest = socket.read(size - MAGIC_SIZE) as Buffer | null;
      if (!rest) return;
      stop();
      // At the end of the stream, read() returns fewer bytes than requested.
      if (rest.length < size - MAGIC_SIZE) leave();
      else this.#onHello(socket, decodeHello(Buffer.concat([magic, rest])));
    };
    socket.on('readable', read).on('close', stop).on('end', leave);
    // Ignored for as long as the socket lives: 'close' follows every error.
    socket.on('error', () => {});
  }

  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}
