import type { Socket } from 'node:net';
import { clearTimeout, setTimeout } from '../clock.js';
import {
  decodeHello,
  MAGIC_SIZE,
  PLAIN_HELLO_SIZE,
  PLAIN_MAGIC,
  SESSION_HELLO_SIZE,
  SESSION_MAGIC,
  type Hello,
} from './protocol.js';

/** More strangers than this are not waited for at a time: the one that has been silent for longest has to go. */
const MOST_WAITING = 256;

/** Waits for the hellos of those that have connected. */
export class Handshakes {
  readonly #waiting = new Set<Socket>();
  readonly #timeout: number;
  readonly #onHello: (socket: Socket, hello: Hello) => void;

  /** @param timeout in ms, after which a socket without a whole hello is closed */
  constructor(timeout: number, onHello: (socket: Socket, hello: Hello) => void) {
    this.#timeout = timeout;
    this.#onHello = onHello;
  }

  add(socket: Socket): void {
    const [oldest] = this.#waiting;
    if (oldest && this.#waiting.size >= MOST_WAITING) oldest.destroy();
    this.#waiting.add(socket);
    const timer = setTimeout(() => socket.destroy(), this.#timeout);
    let magic: Buffer | null = null;
    const stop = (): void => {
      clearTimeout(timer);
      this.#waiting.delete(socket);
      socket.off('readable', read).off('close', stop).off('end', leave);
    };
    const leave = (): void => void socket.destroy();
    const read = (): void => {
      magic ??= socket.read(MAGIC_SIZE) as Buffer | null;
      if (!magic) return;
      const size = sizes.get(magic.toString('latin1'));
      if (size === undefined) return leave();
      const rest = socket.read(size - MAGIC_SIZE) as Buffer | null;
      if (!rest) return;
      stop();
      // At the end of the stream there may be less than was asked for.
      if (rest.length < size - MAGIC_SIZE) leave();
      else this.#onHello(socket, decodeHello(Buffer.concat([magic, rest])));
    };
    socket.on('readable', read).on('close', stop).on('end', leave);
    // For as long as the socket lives: that it closes tells all.
    socket.on('error', () => {});
  }

  close(): void {
    for (const socket of this.#waiting) socket.destroy();
  }
}

const sizes: ReadonlyMap<string, number> = new Map([
  [PLAIN_MAGIC, PLAIN_HELLO_SIZE],
  [SESSION_MAGIC, SESSION_HELLO_SIZE],
]);
