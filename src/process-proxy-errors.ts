import { define, ProcxyError } from './errors.js';

/** The errors of the process proxy. */

/**
 * The executable of a process proxy could not carry out a command. The connection stays open.
 *
 * @example
 * ```ts
 * try {
 *   await connection.getArgs();
 * } catch (error) {
 *   if (error instanceof CommandError) console.error(error.command === Command.GET_ARGS);
 * }
 * ```
 */
export class CommandError extends ProcxyError {
  declare readonly name: 'CommandError';
  declare readonly code: 'PROCXY_COMMAND';
  static {
    define(this, 'CommandError', 'PROCXY_COMMAND');
  }
  /** The command's byte, as in `sendCommand()`. */
  readonly command: number;

  constructor(command: number, message: string) {
    super(message);
    this.command = command;
  }
}

/**
 * The executable of a process proxy has ended, or the connection to it was closed.
 *
 * @example
 * ```ts
 * try {
 *   await connection.exit(0);
 * } catch (error) {
 *   if (error instanceof DisconnectedError) console.error('The executable has ended already.');
 * }
 * ```
 */
export class DisconnectedError extends ProcxyError {
  declare readonly name: 'DisconnectedError';
  declare readonly code: 'PROCXY_DISCONNECTED';
  static {
    define(this, 'DisconnectedError', 'PROCXY_DISCONNECTED');
  }
}

/**
 * This package has no executable of the process proxy for the platform.
 *
 * @example
 * ```ts
 * try {
 *   getExecutablePath('sunos', 'x64');
 * } catch (error) {
 *   if (error instanceof ExecutableNotFoundError) console.error(error.message); // lists what there is
 * }
 * ```
 */
export class ExecutableNotFoundError extends ProcxyError {
  declare readonly name: 'ExecutableNotFoundError';
  declare readonly code: 'PROCXY_EXECUTABLE_NOT_FOUND';
  static {
    define(this, 'ExecutableNotFoundError', 'PROCXY_EXECUTABLE_NOT_FOUND');
  }
}

/** The classes by name, to recreate an error that another process threw. */
export const processProxyErrorClasses = { CommandError, DisconnectedError, ExecutableNotFoundError };
