import { jsonLines, type StreamFormat } from '../channel/dialect.js';

const CMD = 'NODE_HANDLE';

/** `{ "cmd": "NODE_HANDLE", "msg": … }`, in which the Deka runtime puts every message. */
interface Envelope {
  cmd: typeof CMD;
  msg: unknown;
}

/**
 * Lines of JSON, in which a message may stand in an envelope. It is taken out always.
 * @param always whether each is put in one; else only what would be taken for one is
 */
export function enveloped(always: boolean): StreamFormat {
  return {
    encode(message) {
      const line = jsonLines.encode(message);
      return always || looksLikeOne(line) ? `{"cmd":"${CMD}","msg":${line.slice(0, -1)}}\n` : line;
    },
    createDecoder: (options) =>
      jsonLines.createDecoder({ ...options, onMessage: (message) => options.onMessage(unwrap(message)) }),
  };
}

/** By its text: a `toJSON` may have made it one. */
function looksLikeOne(line: string): boolean {
  return line.startsWith('{') && line.includes(`"${CMD}"`) && isEnvelope(JSON.parse(line));
}

function unwrap(message: unknown): unknown {
  return isEnvelope(message) ? message.msg : message;
}

function isEnvelope(message: unknown): message is Envelope {
  const { cmd } = (message ?? {}) as Partial<Envelope>;
  return cmd === CMD && Object.hasOwn(message as object, 'msg');
}
