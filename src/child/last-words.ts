import type { ChildFatal, Wire } from '../protocol.js';
import { isError } from '../realm.js';
import { ValueParcel, type Form, type Sender } from '../session/wire/value-parcel.js';
import type { ServedInstance } from './serve-instance.js';
import { isWithin } from './size.js';

/** The most bytes to send of an error that ends the process. The pipe takes no more at once, and queued data is lost at exit. */
const LIMIT = 64 * 1024;

/** Sends an uncaught error to the parent before it ends this process. */
export function sendLastWords(served: ServedInstance): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // If the user has a handler, the process stays alive.
    if (process.listenerCount('uncaughtException') === 0) send(served, error);
  });
  if ('bun' in process.versions) dieOfRejections(served);
}

function send({ session, codec }: ServedInstance, error: unknown): void {
  const sender: Sender<undefined> = { codec, form: fatalForm, send: (parcel) => session.sendAtOnce(parcel) };
  try {
    new ValueParcel(sender, undefined, {}).fail(shortened(error));
    session.flush();
  } catch {
    // A failure here must not replace the error that Node prints on stderr.
  }
}

const fatalForm: Form<undefined> = { root: 'error', success: fatalMessage, failure: fatalMessage };

function fatalMessage(_head: undefined, error: Wire): ChildFatal {
  return { type: 'child-fatal', error };
}

/** Bun does not report rejections to the monitor. If the user has a handler, the process continues, as in Node. */
function dieOfRejections(served: ServedInstance): void {
  process.on('unhandledRejection', (reason) => {
    if (process.listenerCount('unhandledRejection') > 1) return;
    console.error(reason);
    send(served, reason);
    process.exit(1);
  });
}

function shortened(error: unknown): unknown {
  if (attempt(() => isError(error)) !== true) return error;
  const text = (key: 'message' | 'stack' | 'cause'): unknown => attempt(() => (error as Error)[key]);
  if (isWithin([error, text('cause'), text('stack'), text('message')], LIMIT)) return error;
  const short = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const key of ['message', 'stack'] as const) {
    Object.defineProperty(short, key, { value: attempt(() => String(text(key)).slice(0, LIMIT / 4)) ?? '' });
  }
  return short;
}

/** Reads a value from user code that may throw. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch {
    return undefined;
  }
}
