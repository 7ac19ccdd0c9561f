import { ProtocolError } from '../errors.js';
import { CommandError, DisconnectedError } from '../process-proxy-errors.js';
import { ByteParser, type Parser } from './byte-parser.js';
import type { Link } from './link.js';
import { Command, Message, responseShapes, STDIN_CHUNK } from './protocol.js';
import { parseResponse, type CommandResponse } from './responses.js';

interface Job {
  command: number;
  payload: Buffer;
  resolve(data: Buffer): void;
  reject(error: Error): void;
}

/** Sends commands one at a time, and settles each with its response. */
export class CommandQueue {
  readonly #link: Link;
  readonly #parser: ByteParser;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #closed: Error | undefined;

  /** @param onStdin receives the answers to `AWAIT_STDIN`. Leave it out on a plain connection, which has no such command. */
  constructor(link: Link, onStdin: ((response: CommandResponse) => void) | undefined) {
    this.#link = link;
    this.#parser = new ByteParser(onStdin ? sessionMessages(this, onStdin) : plainMessages(this));
  }

  add(command: number, payload: Buffer): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) reject(this.#closed);
      else {
        this.#waiting.push({ command, payload, resolve, reject });
        this.#next();
      }
    });
  }

  /** @throws {ProtocolError} */
  feed(chunk: Buffer): void {
    if (!this.#closed) this.#parser.feed(chunk);
  }

  /** Rejects the commands that are waiting, and those that are added later. */
  close(error: Error): void {
    if (this.#closed) return;
    this.#closed = error;
    const jobs = [...(this.#current ? [this.#current] : []), ...this.#waiting.splice(0)];
    this.#current = undefined;
    for (const job of jobs) job.reject(error);
  }

  #next(): void {
    if (this.#current) return;
    this.#current = this.#waiting.shift();
    if (!this.#current) return;
    const { command, payload } = this.#current;
    // A copy: the link keeps the bytes, and the caller may change the payload.
    this.#link.write(Buffer.concat([Buffer.from([command]), payload]));
  }

  /** Reads the response to the command that was sent last. */
  *readResponse(): Parser<void> {
    const status = (yield 4).readInt32LE();
    const job = this.#current;
    if (!job)
      throw new ProtocolError(
        'The executable sent a response although no command was open. The connection was closed.',
      );
    const limit = job.command === Command.READ_STDIN ? job.payload.readInt32LE() : 0;
    const response = yield* parseResponse(status, responseShapes.get(job.command) ?? 'nothing', limit);
    if (this.#closed) return;
    this.#current = undefined;
    if ('data' in response) job.resolve(response.data);
    else job.reject(commandError(job.command, response.failure));
    this.#next();
  }
}

export function commandError(command: number, failure: string): CommandError {
  const name = Object.entries(Command).find(([, value]) => value === command)?.[0] ?? '';
  return new CommandError(command, `The executable could not carry out ${name}: ${failure}.`);
}

export function disconnected(reason: string): DisconnectedError {
  return new DisconnectedError(`The executable is not connected: ${reason}.`);
}

function* plainMessages(queue: CommandQueue): Parser<never> {
  for (;;) {
    yield* queue.readResponse();
  }
}

function* sessionMessages(queue: CommandQueue, onStdin: (response: CommandResponse) => void): Parser<never> {
  for (;;) {
    const kind = (yield 1)[0];
    if (kind === Message.RESPONSE) yield* queue.readResponse();
    else if (kind === Message.STDIN) {
      const status = (yield 4).readInt32LE();
      onStdin(yield* parseResponse(status, 'bytes', STDIN_CHUNK));
    } else
      throw new ProtocolError(`The executable sent a message of unknown kind, got ${kind}. The connection was closed.`);
  }
}
