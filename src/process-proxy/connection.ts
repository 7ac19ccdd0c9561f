import { EventEmitter } from 'node:events';
import { inspect } from 'node:util';
import { OptionsValidationError, type ProtocolError } from '../errors.js';
import { CommandError, type DisconnectedError } from '../process-proxy-errors.js';
import { commandError, CommandQueue, disconnected } from './command-queue.js';
import type { Link } from './link.js';
import { Command, encodeUInt32, responseShapes } from './protocol.js';
import { decodeBytes, decodeList, type CommandResponse } from './responses.js';
import { OutputStream, StdinStream } from './streams.js';

/**
 * The events of a {@link ProcessProxyConnection}, with the arguments of their listeners.
 *
 * @example
 * ```ts
 * const names: (keyof ConnectionEvents)[] = ['disconnect', 'close', 'error'];
 * ```
 */
export interface ConnectionEvents {
  /** The executable has ended, by `exit()` or otherwise. */
  disconnect: [];
  /** Follows `disconnect` when the streams are closed. */
  close: [];
  /** The executable broke the protocol, or a stream failed. Without a listener it is not thrown. */
  error: [error: Error];
}

/**
 * One running executable: its streams, arguments, environment and exit. Commands are sent in the order of the calls.
 *
 * @example
 * ```ts
 * async function greet(connection: ProcessProxyConnection): Promise<void> {
 *   connection.stdout.write(`${(await connection.getArgs()).join(' ')}\n`);
 *   await connection.exit(0);
 * }
 * ```
 */
export class ProcessProxyConnection extends EventEmitter<ConnectionEvents> {
  /** The value of the executable's `PROCESS_PROXY_TOKEN`. */
  readonly token: string;
  /** What the executable reads. */
  readonly stdin: StdinStream;
  /** Writes to the executable's standard output. */
  readonly stdout: OutputStream;
  /** Writes to the executable's standard error. */
  readonly stderr: OutputStream;
  readonly #link: Link;
  readonly #queue: CommandQueue;
  /** In a session, the executable sends input as soon as there is some. Without one, input is polled. */
  readonly #hasSession: boolean;
  #closed = false;
  #exiting: Promise<void> | undefined;

  /** @internal */
  constructor(link: Link, details: { token: string; hasSession: boolean; pollingInterval: number }) {
    super();
    this.token = details.token;
    this.#link = link;
    this.#hasSession = details.hasSession;
    this.#queue = new CommandQueue(link, this.#hasSession ? (response) => this.#receiveStdin(response) : undefined);
    this.stdin = new StdinStream(
      {
        request: (most) => this.#requestStdin(most),
        closeInput: () => this.#closeStream(Command.CLOSE_STDIN),
      },
      details.pollingInterval,
    );
    this.stdout = this.#makeOutput(Command.WRITE_STDOUT, Command.CLOSE_STDOUT);
    this.stderr = this.#makeOutput(Command.WRITE_STDERR, Command.CLOSE_STDERR);
    // Handled here, so that a failed stream of one executable does not end a server of many.
    for (const stream of this.#streams) stream.on('error', (error) => this.#report(error));
    link.open({
      onData: (chunk) => this.#queue.feed(chunk),
      onViolation: (error) => this.#fail(error),
      onClose: (lost) => this.#handleClose(lost),
    });
    // Without a session, the executable gives up when it waits more than 10 s for its first command.
    if (!this.#hasSession) this.sendCommand(Command.GET_CWD).catch(() => {});
  }

  /** Whether the executable has ended, or the connection was closed. */
  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Returns the arguments. The first is the program, as it was called. U+FFFD replaces bytes that are not UTF-8.
   * @throws {DisconnectedError}
   */
  async getArgs(): Promise<string[]> {
    return decodeList(await this.sendCommand(Command.GET_ARGS));
  }

  /**
   * Returns the environment variables.
   * @throws {DisconnectedError}
   */
  async getEnv(): Promise<Record<string, string>> {
    const entries = decodeList(await this.sendCommand(Command.GET_ENV)).map((text) => {
      // Windows has variables whose name begins with '='.
      const at = text.indexOf('=', 1);
      return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
    });
    return Object.fromEntries(entries) as Record<string, string>;
  }

  /**
   * Returns the working directory.
   * @throws {CommandError} when the directory was removed
   * @throws {DisconnectedError}
   */
  async getCwd(): Promise<string> {
    return (await this.sendCommand(Command.GET_CWD)).toString('utf8', 4);
  }

  /**
   * Returns whether stdin can bring input: `false` when it is closed or the null device. The published executable returns instead
   * whether input is waiting.
   * @throws {DisconnectedError}
   */
  async isStdinConnected(): Promise<boolean> {
    return (await this.sendCommand(Command.IS_STDIN_CONNECTED)).readInt32LE() !== 0;
  }

  /**
   * Ends the executable, after all earlier commands and everything written to `stdout` and `stderr`. Resolves when the executable
   * has acknowledged it.
   * @param code an int32. POSIX systems keep its lowest 8 bits. Default: 0
   * @throws {OptionsValidationError} when the code is not an int32
   * @throws {DisconnectedError} when the executable ended before
   */
  async exit(code = 0): Promise<void> {
    if (!Number.isInteger(code) || code !== (code | 0)) {
      throw new OptionsValidationError(`exit() needs a 32-bit integer as the exit code, but got ${inspect(code)}.`);
    }
    this.#exiting ??= this.#exit(code);
    await this.#exiting;
  }

  /**
   * Sends a raw command, after the earlier ones are answered.
   * @param command one of the bytes in docs/reference/process-proxy.md, except 0x0D
   * @param payload the bytes that follow the command. Default: none
   * @returns the data of the response, without its status
   * @throws {OptionsValidationError} when there is no such command
   * @throws {CommandError} when the command failed
   * @throws {DisconnectedError}
   */
  async sendCommand(command: number, payload: Uint8Array = Buffer.alloc(0)): Promise<Buffer> {
    if (!responseShapes.has(command)) {
      throw new OptionsValidationError(
        `sendCommand() needs a command that has a response, but got ${inspect(command)}. Use a member of Command, except AWAIT_STDIN.`,
      );
    }
    return this.#queue.add(command, Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength));
  }

  /**
   * Ends the connection from this side. The executable exits with the code 1.
   * @internal
   */
  close(): void {
    this.#finish(disconnected('its server was stopped'));
    this.#link.close();
  }

  get #streams(): (StdinStream | OutputStream)[] {
    return [this.stdin, this.stdout, this.stderr];
  }

  #makeOutput(write: number, close: number): OutputStream {
    return new OutputStream({
      write: (data) => this.#queue.add(write, Buffer.concat([encodeUInt32(data.length), data])),
      closeOutput: () => this.#closeStream(close),
    });
  }

  /** Resolves also when the executable is gone, which closed the stream. */
  async #closeStream(command: number): Promise<void> {
    try {
      await this.#queue.add(command, Buffer.alloc(0));
    } catch (error) {
      if (error instanceof CommandError) throw error;
    }
  }

  #requestStdin(limit: number): void {
    if (this.#closed) return;
    if (this.#hasSession) this.#link.write(Buffer.from([Command.AWAIT_STDIN, ...encodeUInt32(limit)]));
    else {
      this.#queue.add(Command.READ_STDIN, encodeUInt32(limit)).then(
        (data) => this.stdin.receive(decodeBytes(data)),
        (error) => this.stdin.receive(error),
      );
    }
  }

  #receiveStdin(response: CommandResponse): void {
    if ('data' in response) this.stdin.receive(decodeBytes(response.data));
    else this.stdin.receive(commandError(Command.READ_STDIN, response.failure));
  }

  async #exit(code: number): Promise<void> {
    await Promise.all([this.stdout.close(), this.stderr.close()]);
    const payload = Buffer.alloc(4);
    payload.writeInt32LE(code);
    await this.#queue.add(Command.EXIT, payload);
    this.#finish(disconnected('it was told to exit'));
    this.#link.close();
  }

  #fail(error: ProtocolError): void {
    this.#finish(error);
    this.#link.close();
    this.#report(error);
  }

  #handleClose(lost: boolean): void {
    this.#finish(disconnected(lost ? 'it has ended, or its connection broke' : 'it was told to exit'));
    this.emit('disconnect');
    const open = this.#streams.filter((stream) => !stream.closed);
    let left = open.length;
    if (left === 0) this.emit('close');
    for (const stream of open) stream.once('close', () => --left === 0 && this.emit('close'));
  }

  /** Rejects open commands and closes the streams, without an error: `pipeline()` and the callbacks of writes report a premature end. */
  #finish(reason: DisconnectedError | ProtocolError): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#queue.close(reason);
    for (const stream of this.#streams) stream.destroy();
  }

  #report(error: Error): void {
    if (this.listenerCount('error') > 0) this.emit('error', error);
  }
}
