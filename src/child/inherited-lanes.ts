import { BlockingSocket } from '../channel/blocking-socket.js';
import { DataSocket } from '../channel/data-socket.js';
import { messageFormat } from '../channel/frames.js';
import { openInherited } from '../channel/inherited.js';
import type { LoadRequest } from '../protocol.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { BlockingLane } from '../session/sync/blocking-calls.js';

/** The socket for bytes that this process has inherited, where it has. */
export function inheritedBytes({ dataDescriptor }: LoadRequest): DataLane | undefined {
  if (dataDescriptor === undefined) return undefined;
  return (receiver) => {
    const socket = openInherited(dataDescriptor);
    // The channel keeps this process alive, and nothing else.
    socket.unref();
    return new DataSocket(socket, receiver);
  };
}

/** The socket on which this process can wait, where it has inherited one. */
export function inheritedBlocking({ callbacks, serialization }: LoadRequest): BlockingLane | undefined {
  const descriptor = callbacks?.syncDescriptor;
  if (descriptor === undefined) return undefined;
  return new BlockingSocket(descriptor, messageFormat(serialization));
}
