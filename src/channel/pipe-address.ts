import { connect, type Socket } from 'node:net';

/** What a child needs to open a pipe. */
export interface PipeAddress {
  /** A name such as `\\.\pipe\procxy-…`. */
  path: string;
  /** The first line that the child writes. Until then, the pipe carries nothing. */
  secret: string;
}

/** Opens the child's end of a named pipe that its parent has made (`named-pipe.ts`). */
export function openNamedPipe({ path, secret }: PipeAddress): Socket {
  const socket = connect(path);
  socket.write(`${secret}\n`);
  return socket;
}
