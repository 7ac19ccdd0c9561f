import { BlockingSocket } from '../channel/blocking-socket.js';
import { DataSocket } from '../channel/data-socket.js';
import { messageFormat } from '../channel/frames.js';
import { openInherited } from '../channel/inherited.js';
import type { LoadRequest } from '../protocol.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { BlockingLane } from '../session/sync/blocking-calls.js';

/** Opens the inherited socket for bytes, if there is one. */
export function inheritedBytes({ dataDescriptor }: LoadRequest): DataLane | undefined {
  if (dataDescriptor === undefined) return undefined;
  return (receiver) => {
    const socket = openInherited(dataDescriptor);
    // Only the channel keeps this process alive.
    socket.unref();
    return new DataSocket(socket, receiver);
  };
}

/** Opens the inherited socket that this process can block on, if there is one. */
export function inheritedBlocking({ callbacks, serialization }: LoadRequest): BlockingLane | undefined {
  const descriptor = callbacks?.syncDescriptor;
  if (descriptor === undefined) return undefined;
  return new BlockingSocket(descriptor, messageFormat(serialization));
}
