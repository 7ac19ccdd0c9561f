import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';

/** What moves from process to process instead of being written into a message. */
export type Handle = Socket | Server | DatagramSocket;

/** Node's own object beneath a {@link Handle}, which has none yet in this process. */
export interface NativeHandle {
  readonly fd: number;
  close(): void;
}

/** What arrives: the object itself where both ends are in one process. */
export type ArrivedHandle = Handle | NativeHandle;

/**
 * A two-way, ordered pipe of messages between two processes. It knows nothing of what they mean.
 * Node's own IPC (`node-ipc.ts`), a socket (`message-socket.ts`) or memory (`memory.ts`) may be behind it.
 *
 * A new kind of channel is a file of its own in this folder. `parent/launch/launch.ts` chooses the channel of a child, and
 * `child/join-channel.ts` does so in the child.
 */
export interface Channel {
  /**
   * Sends a message, or drops it when the channel is closed: who must know of that listens to `onClose`. A `handle`
   * arrives with it, and stays open here too. `written` is called when the message has left this process.
   * @throws {RangeError} when the message is too large or too deep for the channel's encoding
   */
  send(message: object, handle?: Handle, written?: () => void): void;
  /** Sets the one listener for what arrives. It may see messages that are not ours. */
  onMessage(listener: (message: unknown, handle?: ArrivedHandle) => void): void;
  /** Sets the one listener for the end of the channel: called once, after the last message. */
  onClose(listener: () => void): void;
  /** Closes this end. Nothing is delivered afterwards. */
  close(): void;
}
