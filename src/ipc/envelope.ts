import { jsonLines, type StreamFormat } from '../channel/dialect.js';

const CMD = 'NODE_HANDLE';

/** `{ "cmd": "NODE_HANDLE", "msg": … }`: the Deka runtime puts every message into one. */
interface Envelope {
  cmd: typeof CMD;
  msg: unknown;
}

/**
 * Lines of JSON whose messages may be in envelopes. The decoder always unwraps them.
 * @param always whether to wrap every message. Otherwise only a message that looks like an envelope is wrapped.
 */
export function enveloped(always: boolean): StreamFormat {
  return {
    encode(message) {
      const line = jsonLines.encode(message);
      return always || looksLikeEnvelope(line) ? `{"cmd":"${CMD}","msg":${line.slice(0, -1)}}\n` : line;
    },
    createDecoder: (options) =>
      jsonLines.createDecoder({ ...options, onMessage: (message) => options.onMessage(unwrap(message)) }),
  };
}

/** Checks the text, because a `toJSON` may have made the message an envelope. */
function looksLikeEnvelope(line: string): boolean {
  return line.startsWith('{') && line.includes(`"${CMD}"`) && isEnvelope(JSON.parse(line));
}

function unwrap(message: unknown): unknown {
  return isEnvelope(message) ? message.msg : message;
}

function isEnvelope(message: unknown): message is Envelope {
  const { cmd } = (message ?? {}) as Partial<Envelope>;
  return cmd === CMD && Object.hasOwn(message as object, 'msg');
}
