import { spawn, type ChildProcess, type ForkOptions, type StdioOptions } from 'node:child_process';
import { TruncatedMessage } from '../../channel/decoder.js';
import { jsonLines, v8Frames } from '../../channel/dialect.js';
import { MAX_MESSAGE } from '../../channel/frames.js';
import { channelEnv, takeSocket } from '../../channel/inherited.js';
import { addMessageApi } from '../../channel/message-api.js';
import type { ProtocolError } from '../../errors.js';

/**
 * As `fork()`, with a socket for its channel: JSON as lines, V8's format in frames.
 * @param onGarbage what came is no message; the socket is closed then
 */
export function forkOnSocket(
  program: string,
  args: readonly string[],
  settings: ForkOptions,
  onGarbage: (error: ProtocolError) => void,
): ChildProcess {
  const { execPath = process.execPath, execArgv = [], serialization, ...rest } = settings;
  const stdio = rest.stdio as Exclude<StdioOptions, string>;
  const descriptor = stdio.indexOf('ipc');
  const format = serialization === 'advanced' ? 'v8' : 'json';
  const child = spawn(execPath, [...execArgv, program, ...args], {
    ...rest,
    env: { ...rest.env, ...channelEnv(descriptor, format) },
    stdio: stdio.map((each, index) => (index === descriptor ? 'pipe' : each)),
  });
  const socket = takeSocket(child, descriptor);
  // Without one it was not started, which its 'error' says.
  if (socket) {
    const dialect = format === 'v8' ? v8Frames : jsonLines;
    // A child that died in the middle of a message wrote no garbage: its end says more.
    const onError = (error: ProtocolError): void => {
      if (!(error instanceof TruncatedMessage)) onGarbage(error);
    };
    addMessageApi(child, socket, { dialect, maxMessageBytes: MAX_MESSAGE, onError });
  }
  return child;
}
