/**
 * The wire between the executable and the server. Numbers are little-endian. docs/reference/process-proxy.md describes it in words.
 * `native/protocol.h` has the same values, and a test compares the two.
 *
 * A plain connection is what the published `process-proxy` 0.6.0 speaks: a hello, then commands and responses in turn. In a session
 * the same bytes travel in frames, so that they outlive a socket. There, each message of the executable begins with its kind.
 */

/**
 * The commands that the server sends to the executable.
 *
 * @example
 * ```ts
 * await connection.sendCommand(Command.GET_CWD);
 * ```
 */
export const Command = {
  GET_ARGS: 0x01,
  READ_STDIN: 0x02,
  WRITE_STDOUT: 0x03,
  WRITE_STDERR: 0x04,
  GET_CWD: 0x05,
  GET_ENV: 0x06,
  EXIT: 0x07,
  CLOSE_STDIN: 0x09,
  CLOSE_STDOUT: 0x0a,
  CLOSE_STDERR: 0x0b,
  IS_STDIN_CONNECTED: 0x0c,
  /** Only in a session: a uint32, how many bytes. As soon as there is input, a `Message.STDIN` answers it instead of a response. */
  AWAIT_STDIN: 0x0d,
} as const;

/** In a session, the kind of the message that follows. */
export const Message = { RESPONSE: 0x00, STDIN: 0x01 } as const;

/** DATA: uint32 length, bytes. ACK: uint64, how many bytes of the other side's stream were consumed. CLOSE: the server ended the session. */
export const Frame = { DATA: 0x00, ACK: 0x01, CLOSE: 0x02 } as const;

/**
 * Answers the hello of a session. ACCEPTED: uint64, how many bytes have arrived; uint32, how long to look for a lost server, in ms.
 * WAIT: the token is still being validated, and another answer follows.
 */
export const Welcome = { ACCEPTED: 0x00, REFUSED: 0x01, WAIT: 0x02 } as const;

export const Variable = {
  PORT: 'PROCESS_PROXY_PORT',
  TOKEN: 'PROCESS_PROXY_TOKEN',
  /** `1:` and a port: the server on that port knows sessions. Another server may have replaced only the other variables. */
  SESSION: 'PROCESS_PROXY_SESSION',
} as const;

export const PLAIN_MAGIC = 'ProcessProxy 0002 ';
export const SESSION_MAGIC = 'ProcessProxy 0003 ';
export const MAGIC_SIZE = PLAIN_MAGIC.length;
export const TOKEN_SIZE = 128;
export const SESSION_ID_SIZE = 16;
/** A plain hello: the magic and the token, padded with NULs. */
export const PLAIN_HELLO_SIZE = MAGIC_SIZE + TOKEN_SIZE;
/** The hello of a session continues with its id; uint32 process id; uint8, 1 if it was welcomed before; uint64, how many bytes have arrived. */
export const SESSION_HELLO_SIZE = PLAIN_HELLO_SIZE + SESSION_ID_SIZE + 4 + 1 + 8;
/** How many bytes of one direction of a session may be on their way, not yet consumed. */
export const WINDOW = 262_144;
/** The most bytes that one `Frame.DATA` holds. */
export const FRAME_SIZE = 65_536;

/** How many bytes of stdin the server requests at a time. */
export const STDIN_CHUNK = 65_536;

/** The shape of the data that follows the status 0 of a response. */
export type ResponseShape = 'nothing' | 'number' | 'text' | 'list' | 'bytes';

/** The shapes of the responses, by command. */
export const responseShapes: ReadonlyMap<number, ResponseShape> = new Map([
  [Command.GET_ARGS, 'list'],
  [Command.READ_STDIN, 'bytes'],
  [Command.WRITE_STDOUT, 'nothing'],
  [Command.WRITE_STDERR, 'nothing'],
  [Command.GET_CWD, 'text'],
  [Command.GET_ENV, 'list'],
  [Command.EXIT, 'nothing'],
  [Command.CLOSE_STDIN, 'nothing'],
  [Command.CLOSE_STDOUT, 'nothing'],
  [Command.CLOSE_STDERR, 'nothing'],
  [Command.IS_STDIN_CONNECTED, 'number'],
]);

export interface Hello {
  /** Without the padding. Its bytes are decoded as Latin-1, so that different tokens stay different. */
  token: string;
  session?: {
    /** Hexadecimal. */
    id: string;
    processId: number;
    /** It was welcomed before, so this server must know it. */
    resumes: boolean;
    /** How many bytes of the server's stream have arrived. */
    received: number;
  };
}

/** @param bytes `PLAIN_HELLO_SIZE` bytes or `SESSION_HELLO_SIZE` bytes */
export function decodeHello(bytes: Buffer): Hello {
  const padded = bytes.toString('latin1', MAGIC_SIZE, PLAIN_HELLO_SIZE);
  const token = padded.replace(/\0+$/, '');
  if (bytes.length === PLAIN_HELLO_SIZE) return { token };
  const rest = bytes.subarray(PLAIN_HELLO_SIZE);
  return {
    token,
    session: {
      id: rest.toString('hex', 0, SESSION_ID_SIZE),
      processId: rest.readUInt32LE(SESSION_ID_SIZE),
      resumes: rest[SESSION_ID_SIZE + 4] !== 0,
      received: Number(rest.readBigUInt64LE(SESSION_ID_SIZE + 5)),
    },
  };
}

export function encodeWelcome(received: number, reconnectTimeout: number): Buffer {
  const bytes = Buffer.alloc(13);
  bytes[0] = Welcome.ACCEPTED;
  bytes.writeBigUInt64LE(BigInt(received), 1);
  bytes.writeUInt32LE(reconnectTimeout, 9);
  return bytes;
}

export function encodeDataHeader(length: number): Buffer {
  const bytes = Buffer.alloc(5);
  bytes[0] = Frame.DATA;
  bytes.writeUInt32LE(length, 1);
  return bytes;
}

export function encodeAck(received: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes[0] = Frame.ACK;
  bytes.writeBigUInt64LE(BigInt(received), 1);
  return bytes;
}

export function encodeUInt32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
