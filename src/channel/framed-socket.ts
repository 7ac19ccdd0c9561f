import type { Socket } from 'node:net';
import type { ProtocolError } from '../errors.js';
import type { Channel } from './channel.js';
import { FrameDecoder } from './frame-decoder.js';
import { frame, MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * A channel that writes messages in frames on a socket.
 * @param onGarbage called when data arrives that is not a message; nothing more is read
 */
export function framedSocket(
  socket: Socket,
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

  socket.on('data', (chunk: Buffer) => decoder.push(chunk));
  // Ignored: a `'close'` event follows.
  socket.on('error', () => {});
  socket.once('close', () => onClose());

  return {
    send(message) {
      if (socket.writable) socket.write(frame(format.encode(message)));
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
