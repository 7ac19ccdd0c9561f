import type { Socket } from 'node:net';
import type { ProtocolError } from '../errors.js';
import type { Channel } from './channel.js';
import { FrameDecoder } from './frame-decoder.js';
import { frame, MAX_MESSAGE, type MessageFormat } from './frames.js';

/**
 * Messages in frames on a socket.
 * @param onGarbage the other side wrote what is no message; nothing more is read
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
  // What it means is seen at the close.
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
