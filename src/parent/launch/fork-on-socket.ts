import { spawn, type ChildProcess, type ForkOptions, type StdioOptions } from 'node:child_process';
import type { SocketLike } from '../../channel/channel.js';
import { inheritsSockets, startWithSocket } from '../../channel/child-socket.js';
import { TruncatedMessage } from '../../channel/decoder.js';
import { jsonLines, v8Frames } from '../../channel/dialect.js';
import { MAX_MESSAGE } from '../../channel/frames.js';
import { addMessageApi } from '../../channel/message-api.js';
import type { ProtocolError } from '../../errors.js';
import type { Runtime } from './runtime.js';

/**
 * Does the same as `fork()`, but with a socket as the channel. It carries lines of JSON, or frames in V8's format.
 * @param onGarbage called when data arrives that is not a message; the socket is then closed
 */
export function forkOnSocket(
  program: string,
  args: readonly string[],
  settings: ForkOptions & { runtime?: Runtime },
  onGarbage: (error: ProtocolError) => void,
): ChildProcess {
  const { child, socket } = spawnOnSocket(program, args, settings);
  // Without a socket, the process was not started, and an 'error' event follows.
  if (socket) {
    const dialect = settings.serialization === 'advanced' ? v8Frames : jsonLines;
    // A child that died in the middle of a message did not write garbage. Its exit is reported instead.
    const onError = (error: ProtocolError): void => {
      if (!(error instanceof TruncatedMessage)) onGarbage(error);
    };
    addMessageApi(child, socket, { dialect, maxMessageBytes: MAX_MESSAGE, onError });
  }
  return child;
}

/** Starts a program with a socket as the channel, which the caller reads and writes. */
export function spawnOnSocket(
  program: string,
  args: readonly string[],
  settings: ForkOptions & { runtime?: Runtime },
): { child: ChildProcess; socket: SocketLike | undefined } {
  const { execPath = process.execPath, execArgv = [], serialization, runtime = 'node', ...rest } = settings;
  const stdio = rest.stdio as Exclude<StdioOptions, string>;
  const descriptor = stdio.indexOf('ipc');
  const format = serialization === 'advanced' ? 'v8' : 'json';
  const inherits = inheritsSockets(runtime === 'node');
  return startWithSocket({ inherits, descriptor, format }, (place) =>
    spawn(execPath, [...execArgv, program, ...args], {
      ...rest,
      env: { ...rest.env, ...place.env },
      stdio: stdio.map((each, index) => (index === descriptor ? place.stdio : each)),
    }),
  );
}
