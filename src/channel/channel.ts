import type { Socket as DatagramSocket } from 'node:dgram';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** A socket or server that moves between processes, instead of being written into a message. */
export type Handle = Socket | Server | DatagramSocket;

/** A socket, or a stream that behaves as one. */
export interface SocketLike extends Duplex {
  ref(): unknown;
  unref(): unknown;
}

/** Node's internal object beneath a {@link Handle}. It arrives first, and the {@link Handle} is made from it. */
export interface NativeHandle {
  readonly fd: number;
  close(): void;
}

/** A handle as it arrives: the object itself if both ends are in one process. */
export type ArrivedHandle = Handle | NativeHandle;

/**
 * A two-way, ordered pipe for messages between two processes. It does not know what they mean.
 * Node's own IPC (`node-ipc.ts`), a socket (`message-socket.ts`) or memory (`memory.ts`) may be behind it.
 *
 * A new kind of channel is a file of its own in this folder. `parent/launch/launch.ts` chooses the channel of a child, and
 * `child/join-channel.ts` does so in the child.
 */
export interface Channel {
  /**
   * Whether messages leave this process only when its event loop turns, as on a connection of a client of NATS. Otherwise the operating
   * system has them when `send()` returns.
   */
  readonly leavesLater?: boolean;
  /** Whether somebody besides the session may read the messages, such as a listener on `$process`. Absent if nobody can. */
  isWatched?(): boolean;
  /** Sends a message that those readers need not know of, past a `send()` that they have replaced. Absent if there can be none. */
  sendUnseen?(message: object, written?: () => void): void;
  /**
   * Sends a message, or drops it if the channel is closed, which `onClose` reports. A `handle` arrives with the message, and
   * stays open here too. `written` is called when the message has left this process.
   * @throws {RangeError} if the message is too large or too deep for the channel's encoding
   */
  send(message: object, handle?: Handle, written?: () => void): void;
  /** Sets the only listener for messages. It may also get messages that are not ours. */
  onMessage(listener: (message: unknown, handle?: ArrivedHandle) => void): void;
  /** Sets the only listener for the moment when somebody else begins to read what arrives. */
  onWatched?(listener: () => void): void;
  /** Sets the only listener for the end of the channel. It is called once, after the last message. */
  onClose(listener: () => void): void;
  /** Closes this end. Nothing is delivered afterwards. */
  close(): void;
}
