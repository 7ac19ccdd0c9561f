import { Readable } from 'node:stream';

const LINES_A_CHUNK = 1000;
const PATHS = ['/', '/search', '/cart', '/pay', '/orders', '/help', '/about'];
/** One request of so many fails. */
const FAILS_EVERY = 50;

/**
 * A web server's log, made up while it is read: nothing of it is kept.
 *
 * @param {number} bytes where it ends, with the chunk that reaches it
 */
export function makeLog(bytes) {
  return Readable.from(chunks(bytes), { objectMode: false });
}

/** @param {number} bytes */
function* chunks(bytes) {
  let made = 0;
  for (let first = 1; made < bytes; first += LINES_A_CHUNK) {
    const lines = Array.from({ length: LINES_A_CHUNK }, (_, index) => line(first + index));
    const chunk = Buffer.from(lines.join(''));
    made += chunk.length;
    yield chunk;
  }
}

/** @param {number} n */
function line(n) {
  const status = n % FAILS_EVERY === 0 ? 500 : 200;
  return `${new Date(n * 100).toISOString()} ${status} GET ${PATHS[n % PATHS.length]} ${(n * 7919) % 1000} ms\n`;
}
