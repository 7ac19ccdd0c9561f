import { debuglog, inspect } from 'node:util';
import type { Channel } from '../../channel/channel.js';
import type { Message } from '../../protocol.js';
import { isOurs } from './message-shape.js';
import { isLoneRow, readLoneRow, readRows, type RowReader } from './rows.js';

const log = debuglog('procxy');
/** Values may be confidential: they are printed only if `NODE_DEBUG` names this section. */
const values = debuglog('procxy-values');

export const isDebugging = log.enabled || values.enabled;

/** Prints a line on stderr if `NODE_DEBUG` asks for it. */
export function debug(text: string): void {
  (values.enabled ? values : log)('%s', text);
}

/** Wraps a channel to print a line for each message that crosses, if `NODE_DEBUG` asks for it. */
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

/** Lists the messages of a batch, or a single message. Leaves out messages that are not ours. The inbox reports malformed ones. */
function messagesOf(message: unknown): Message[] {
  if (typeof message !== 'object' || message === null) return [];
  const { type, rows } = message as { type?: unknown; rows?: unknown };
  const all: Message[] = [];
  const reader: RowReader = {
    message: (each) => isOurs(each) && all.push(each as Message),
    row: (each) => all.push(each),
  };
  try {
    if (isLoneRow(message)) readLoneRow(message, reader);
    else if (type === 'batch' && Array.isArray(rows)) readRows(rows, reader);
    else reader.message(message);
  } catch {
    // The session ends the child for it.
  }
  return all;
}

/** Shows names, numbers and counts, which tell what happens. Shows values only on request. */
function summarize(message: Message): string {
  const shown = Object.entries(message).filter(([name]) => name !== 'type');
  return [message.type, ...shown.map(([name, field]) => `${name}=${show(name, field)}`)].join(' ');
}

/** Fields without user values. */
const plain = new Set(
  (
    'callId invokeId callbackId referenceId resultOf shapeId className kind streamId signalId handleId after count credit ' +
    'target method name event result answer removed'
  ).split(' '),
);

function show(name: string, field: unknown): string {
  if (plain.has(name) || values.enabled) {
    return inspect(field, { breakLength: Infinity, depth: 4, maxArrayLength: 10, maxStringLength: 200 });
  }
  return Array.isArray(field) ? `[${field.length}]` : '…';
}
