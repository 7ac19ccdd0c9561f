/** The errors of Node's own message API, with the same codes and messages, since programs check them. */

export function channelClosed(): Error {
  return Object.assign(new Error('Channel closed'), { code: 'ERR_IPC_CHANNEL_CLOSED' });
}

export function alreadyDisconnected(): Error {
  return Object.assign(new Error('IPC channel is already disconnected'), { code: 'ERR_IPC_DISCONNECTED' });
}

/** @throws {TypeError} if `process.send` would not accept the value */
export function checkMessage(message: unknown): void {
  if (message === undefined) {
    throw Object.assign(new TypeError('The "message" argument must be specified'), { code: 'ERR_MISSING_ARGS' });
  }
  if (!sendable.has(typeof message)) {
    throw invalidType(
      `The "message" argument must be one of type string, object, number, or boolean. Received type ${typeof message}`,
    );
  }
}

const sendable = new Set(['string', 'object', 'number', 'boolean']);

/** @throws {TypeError} */
export function checkSendOptions(options: unknown): void {
  if (options === undefined || (typeof options === 'object' && options !== null && !Array.isArray(options))) return;
  const received = options === null ? 'null' : `type ${typeof options}`;
  throw invalidType(`The "options" argument must be of type object. Received ${received}`);
}

function invalidType(message: string): TypeError {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' });
}
