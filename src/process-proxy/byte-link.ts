import type { Socket } from 'node:net';
import { clearInterval, now, setImmediate, setInterval, setTimeout } from '../clock.js';
import { ProtocolError } from '../errors.js';
import { afterReading } from '../after-reading.js';
import { ByteParser, type Parser } from './byte-parser.js';
import type { Link, LinkEvents } from './link.js';
import { encodeAck, encodeDataHeader, encodeWelcome, Frame, FRAME_SIZE, WINDOW, type Hello } from './protocol.js';
import { SendBuffer } from '../send-buffer.js';

/** How often to check whether the process of a link without a socket is alive, in ms. */
const LIFE_CHECK_INTERVAL = 50;

/** How long to wait for the executable to close its side of the socket, in ms. A reset could lose the last bytes sent to it. */
const CLOSE_GRACE = 500;

/**
 * A pair of byte streams that survives its socket. Bytes that the executable has not consumed are sent again on the next socket.
 *
 *     attach()    the socket breaks
 *   ────────────▶ ATTACHED ──────────▶ DETACHED
 *                  │    ▲   attach()    │    │
 *                  │    └───────────────┘    │ the process is gone, or reconnectTimeout has passed
 *          close() └───────▶ CLOSED ◀────────┘
 *
 * `#socket` is set while ATTACHED. `#stopWaiting` ends the wait of DETACHED.
 */
export class ByteLink implements Link {
  #events: LinkEvents | undefined;
  readonly #reconnectTimeout: number;
  /** `undefined` if the process cannot be seen from here, as in another PID namespace. */
  readonly #processId: number | undefined;
  readonly #out = new SendBuffer();
  #socket: Socket | undefined;
  /** The offset up to which `#out` was sent. */
  #sent = 0;
  /** How many bytes of the executable's stream have arrived, and how many of them are acknowledged. */
  #received = 0;
  #acknowledged = 0;
  #ackScheduled = false;
  #closed = false;
  #stopWaiting: (() => void) | undefined;

  /** @param reconnectTimeout in ms */
  constructor(processId: number, reconnectTimeout: number) {
    this.#reconnectTimeout = reconnectTimeout;
    this.#processId = isAlive(processId) ? processId : undefined;
  }

  open(events: LinkEvents): void {
    this.#events = events;
  }

  /** Whether this side still has the bytes that follow the `received` ones. */
  canResume(received: number): boolean {
    return !this.#closed && received >= this.#out.start && received <= this.#out.end;
  }

  /** Continues on this socket, after its hello was read. */
  attach(socket: Socket, { received }: NonNullable<Hello['session']>): void {
    this.#socket?.destroy();
    this.#stopWaiting?.();
    this.#socket = socket;
    this.#sent = received;
    this.#acknowledged = this.#received;
    const frames = new ByteParser(this.#readFrames());
    socket.on('data', (chunk: Buffer) => {
      if (socket !== this.#socket) return;
      try {
        frames.feed(chunk);
      } catch (error) {
        if (!(error instanceof ProtocolError)) throw error;
        this.#events?.onViolation(error);
      }
    });
    socket.on('end', () => socket.destroy());
    socket.on('close', () => {
      if (socket === this.#socket) this.#lose();
    });
    socket.write(encodeWelcome(this.#received, this.#reconnectTimeout));
    this.#pump();
  }

  write(data: Buffer): void {
    this.#out.append(data);
    this.#pump();
  }

  close(): void {
    this.#end(false);
  }

  #end(lost: boolean): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stopWaiting?.();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) this.#events?.onClose(lost);
    else {
      socket.once('close', () => this.#events?.onClose(lost));
      socket.write(encodeAck(this.#received));
      socket.end(Buffer.from([Frame.CLOSE]));
      setTimeout(() => socket.destroy(), CLOSE_GRACE).unref();
    }
  }

  /** The socket broke. The executable reconnects, unless it has ended. */
  #lose(): void {
    this.#socket = undefined;
    const deadline = now() + this.#reconnectTimeout;
    const check = (): void => {
      if (this.#processId !== undefined && !isAlive(this.#processId)) this.#end(true);
      else if (now() >= deadline) {
        clearInterval(timer);
        this.#stopWaiting = afterReading(() => this.#end(true));
      }
    };
    const timer = setInterval(check, Math.min(LIFE_CHECK_INTERVAL, this.#reconnectTimeout));
    this.#stopWaiting = () => clearInterval(timer);
    check();
  }

  /** Sends as many bytes as the window allows. */
  #pump(): void {
    const socket = this.#socket;
    if (!socket) return;
    const end = Math.min(this.#out.end, this.#out.start + WINDOW);
    if (this.#sent >= end) return;
    socket.cork();
    while (this.#sent < end) {
      const part = this.#out.read(this.#sent, Math.min(FRAME_SIZE, end - this.#sent));
      socket.write(encodeDataHeader(part.length));
      socket.write(part);
      this.#sent += part.length;
    }
    socket.uncork();
  }

  *#readFrames(): Parser<never> {
    for (;;) {
      const type = (yield 1)[0];
      if (type === Frame.DATA) {
        const length = (yield 4).readUInt32LE();
        if (length > FRAME_SIZE) throw violation(`a frame that is too long, got ${length} bytes`);
        const data = yield length;
        // Counted only when it is complete: the executable sends a frame that was cut off again.
        this.#received += length;
        this.#scheduleAck();
        this.#events?.onData(data);
      } else if (type === Frame.ACK) {
        const offset = Number((yield 8).readBigUInt64LE());
        if (offset > this.#sent) throw violation('an acknowledgement of bytes that were never sent');
        this.#out.release(offset);
        this.#pump();
      } else throw violation(`a frame of unknown type, got ${type}`);
    }
  }

  /** Acknowledges once everything that arrives in one turn of the event loop. */
  #scheduleAck(): void {
    if (this.#ackScheduled) return;
    this.#ackScheduled = true;
    setImmediate(() => {
      this.#ackScheduled = false;
      if (!this.#socket || this.#acknowledged === this.#received) return;
      this.#acknowledged = this.#received;
      this.#socket.write(encodeAck(this.#received));
    });
  }
}

function violation(what: string): ProtocolError {
  return new ProtocolError(`The executable sent ${what}. The connection was closed.`);
}

function isAlive(processId: number): boolean {
  if (processId === 0) return false;
  try {
    return process.kill(processId, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
