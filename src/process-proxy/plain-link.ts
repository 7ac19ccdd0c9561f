import type { Socket } from 'node:net';
import { ProtocolError } from '../errors.js';
import type { Link, LinkEvents } from './link.js';

/** A bare socket, for executables without sessions. The link lasts as long as its socket. */
export class PlainLink implements Link {
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  open(events: LinkEvents): void {
    const socket = this.#socket;
    socket.on('data', (chunk: Buffer) => {
      try {
        if (!this.#closed) events.onData(chunk);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        events.onViolation(error);
      }
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => events.onClose(!this.#closed));
  }

  write(data: Buffer): void {
    this.#socket.write(data);
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}
