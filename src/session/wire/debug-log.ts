import { debuglog, inspect } from 'node:util';
import type { Channel } from '../../channel/channel.js';
import type { Message } from '../../protocol.js';
import { isOurs } from './message-shape.js';
import { readRows } from './rows.js';

const log = debuglog('procxy');
/** As `NODE_DEBUG` has it: only who asks for values by name has them printed. */
const values = debuglog('procxy-values');

export const isDebugging = log.enabled || values.enabled;

/** A line on stderr, where `NODE_DEBUG` asks for it. */
export function debug(text: string): void {
  (values.enabled ? values : log)('%s', text);
}

/** The same channel; where `NODE_DEBUG` asks for it, with a line for each message that crosses. */
export function withDebugLog(channel: Channel, peer: string): Channel {
  if (!isDebugging) return channel;
  return {
    ...channel,
    send(message, ...rest) {
      for (const each of messagesOf(message)) debug(`→ ${peer} ${summarize(each)}`);
      channel.send(message, ...rest);
    },
    onMessage(listener) {
      channel.onMessage((message, handle) => {
        for (const each of messagesOf(message)) debug(`← ${peer} ${summarize(each)}`);
        listener(message, handle);
      });
    },
    onClose(listener) {
      channel.onClose(() => {
        debug(`${peer} disconnected`);
        listener();
      });
    },
  };
}

/** Those of a batch, each by itself. What is not ours is left out; what is malformed is its reader's to judge. */
function messagesOf(message: unknown): Message[] {
  const { type, rows } = (message ?? {}) as { type?: unknown; rows?: unknown };
  if (type !== 'batch' || !Array.isArray(rows)) return isOurs(message) ? [message as Message] : [];
  const all: Message[] = [];
  try {
    readRows(rows, { message: (each) => isOurs(each) && all.push(each as Message), row: (each) => all.push(each) });
  } catch {
    // The session ends the child for it.
  }
  return all;
}

/** Names, numbers and counts, which tell what happens; values only where they are asked for. */
function summarize(message: Message): string {
  const shown = Object.entries(message).filter(([name]) => name !== 'type');
  return [message.type, ...shown.map(([name, field]) => `${name}=${show(name, field)}`)].join(' ');
}

/** Fields that hold no value of the user's. */
const plain = new Set(
  (
    'callId invokeId callbackId streamId signalId handleId after count credit ' +
    'target method name event result answer removed'
  ).split(' '),
);

function show(name: string, field: unknown): string {
  if (plain.has(name) || values.enabled) {
    return inspect(field, { breakLength: Infinity, depth: 4, maxArrayLength: 10, maxStringLength: 200 });
  }
  return Array.isArray(field) ? `[${field.length}]` : '…';
}
