import { CommandError, DisconnectedError, ProtocolError } from '../errors.js';
import { ByteParser, type Parser } from './byte-parser.js';
import type { Link } from './link.js';
import { Command, Message, responseShapes, STDIN_CHUNK } from './protocol.js';
import { parseResponse, type Outcome } from './responses.js';

interface Job {
  command: number;
  payload: Buffer;
  resolve(data: Buffer): void;
  reject(error: Error): void;
}

/** Sends the commands one after the other, and gives each its response. */
export class CommandQueue {
  readonly #link: Link;
  readonly #parser: ByteParser;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #closed: Error | undefined;

  /** @param onStdin takes the answers to `AWAIT_STDIN`; `undefined` on a plain connection, which has none */
  constructor(link: Link, onStdin: ((outcome: Outcome) => void) | undefined) {
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

  /** All that waits rejects, and all that comes. */
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
    // A copy, so that it does not matter what the caller does with the payload from now on.
    this.#link.write(Buffer.concat([Buffer.from([command]), payload]));
  }

  /** The response to the command that was sent last. */
  *readResponse(): Parser<void> {
    const status = (yield 4).readInt32LE();
    const job = this.#current;
    if (!job) throw new ProtocolError('The executable responded to no command. The connection was closed.');
    const most = job.command === Command.READ_STDIN ? job.payload.readInt32LE() : 0;
    const outcome = yield* parseResponse(status, responseShapes.get(job.command) ?? 'nothing', most);
    if (this.#closed) return;
    this.#current = undefined;
    if ('data' in outcome) job.resolve(outcome.data);
    else job.reject(commandError(job.command, outcome.failure));
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

function* sessionMessages(queue: CommandQueue, onStdin: (outcome: Outcome) => void): Parser<never> {
  for (;;) {
    const kind = (yield 1)[0];
    if (kind === Message.RESPONSE) yield* queue.readResponse();
    else if (kind === Message.STDIN) {
      const status = (yield 4).readInt32LE();
      onStdin(yield* parseResponse(status, 'bytes', STDIN_CHUNK));
    } else
      throw new ProtocolError(`The executable sent a message of the unknown kind ${kind}. The connection was closed.`);
  }
}
