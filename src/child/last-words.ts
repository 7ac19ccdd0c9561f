import type { ChildFatal, Wire } from '../protocol.js';
import { ValueParcel, type Form, type Sender } from '../session/wire/value-parcel.js';
import type { ServedInstance } from './serve-instance.js';
import { isWithin } from './size.js';

/** How many bytes of the error that ends a process are sent: the pipe takes no more at once, and what waits is lost with the process. */
const LIMIT = 64 * 1024;

/** Sends the uncaught error that ends this process to the parent, before it does. */
export function sendLastWords(served: ServedInstance): void {
  process.on('uncaughtExceptionMonitor', (error: unknown) => {
    // A handler of the user's own keeps the process alive: these are not its last words then.
    if (process.listenerCount('uncaughtException') === 0) send(served, error);
  });
  if ('bun' in process.versions) dieOfRejections(served);
}

function send({ session, codec }: ServedInstance, error: unknown): void {
  const sender: Sender<undefined> = { codec, form: fatalForm, send: (parcel) => session.sendAtOnce(parcel) };
  new ValueParcel(sender, undefined, {}).fail(shortened(error));
  session.flush();
}

const fatalForm: Form<undefined> = { root: 'error', success: fatalMessage, failure: fatalMessage };

function fatalMessage(_head: undefined, error: Wire): ChildFatal {
  return { type: 'child-fatal', error };
}

/** Bun does not tell the monitor of rejections. With a handler of the user's own the process goes on, as in Node. */
function dieOfRejections(served: ServedInstance): void {
  process.on('unhandledRejection', (reason) => {
    if (process.listenerCount('unhandledRejection') > 1) return;
    console.error(reason);
    send(served, reason);
    process.exit(1);
  });
}

function shortened(error: unknown): unknown {
  if (!(error instanceof Error) || isWithin({ ...error, cause: error.cause, text: error.stack }, LIMIT)) return error;
  const short = Object.create(Object.getPrototypeOf(error) as object) as Error;
  for (const key of ['message', 'stack'] as const) {
    Object.defineProperty(short, key, { value: String(error[key]).slice(0, LIMIT / 4) });
  }
  return short;
}
