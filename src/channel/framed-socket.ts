import type { Socket } from 'node:net';
import type { ProtocolError } from '../errors.js';
import type { Channel } from './channel.js';
import { FastSocket } from './fast-socket.js';
import { FrameDecoder } from './frame-decoder.js';
import { frame, MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * A channel that writes messages in frames on a socket. Call it in the turn of the event loop in which the socket was opened.
 * @param onGarbage called when data arrives that is not a message; nothing more is read
 */
export function framedSocket(
  opened: Socket,
  format: MessageFormat,
  onGarbage: (error: ProtocolError) => void,
): Channel {
  let onMessage: (message: unknown) => void = () => {};
  let onClose: () => void = () => {};
  let open = true;
  const decoder = new FrameDecoder({
    format,
    maxMessageBytes: MAX_MESSAGE,
    onMessage: (message) => {
      if (open) onMessage(message);
    },
    onError(error) {
      open = false;
      socket.destroy();
      onGarbage(error);
    },
  });
  const socket = new FastSocket(opened, {
    push: (bytes) => decoder.push(bytes),
    room: () => decoder.room(),
    filled: (length) => decoder.filled(length),
    // A message that was cut off is not garbage: its writer has died.
    end: () => onClose(),
  });

  return {
    send(message) {
      if (socket.isWritable) socket.write(frame(format.encode(message)));
    },
    onMessage(listener) {
      onMessage = listener;
    },
    onClose(listener) {
      onClose = listener;
    },
    close() {
      open = false;
      socket.destroy();
    },
  };
}
