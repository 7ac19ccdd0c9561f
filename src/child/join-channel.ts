import { jsonLines, v8Frames } from '../channel/dialect.js';
import { MAX_MESSAGE } from '../channel/frames.js';
import { openChannel, takeInheritedChannel } from '../channel/inherited.js';
import { addMessageApi } from '../channel/message-api.js';
import type { ProtocolError } from '../errors.js';

/**
 * Gives `process` a channel to the parent on the socket that the environment names, unless Node has opened one.
 * @param onGarbage called when data arrives that is not a message; the channel is then closed
 */
export function joinChannel(onGarbage: (error: ProtocolError) => void): void {
  if (typeof process.send === 'function') return;
  const inherited = takeInheritedChannel();
  if (!inherited) return;
  addMessageApi(process, openChannel(inherited), {
    dialect: inherited.format === 'v8' ? v8Frames : jsonLines,
    maxMessageBytes: MAX_MESSAGE,
    onlyWhileHeard: true,
    onError: onGarbage,
  });
}
