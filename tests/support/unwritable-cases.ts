import { once } from 'node:events';
import { sync } from 'procxy';
import { large, unreadableError, unwritable } from '../fixtures/unwritable-values.js';
import type { Kind, RemoteUnwritable, Told } from './unwritable-user.js';

const makers = { ...unwritable, large, error: unreadableError };
export const make = (kind: Kind): object => makers[kind]();

export async function failure(action: () => unknown): Promise<Told | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    return error as Told;
  }
}

/** Returns the message of the next process warning: failures of events are only reported so. */
export async function warning(): Promise<Told> {
  const [{ message }] = (await once(process, 'warning')) as [Error];
  const path = /event '[^']*': (\S+)/.exec(message)?.[1];
  return { name: 'SerializationError', path, message };
}

export async function last(items: AsyncIterable<unknown>): Promise<void> {
  const iterator = items[Symbol.asyncIterator]();
  while (!(await iterator.next()).done);
}

export interface Case {
  /** Which message carries the value, and from where. */
  message: string;
  /** The root of the path. */
  root: string;
  /** What the error says before the path. Absent if there is no method or event. */
  subject?: string;
  /** The kinds of values that it can carry anyway. */
  except?: Kind;
  /** Sends a value of a kind. Resolves to the error that the receiver gets instead. */
  run(proxy: RemoteUnwritable, kind: Kind): Promise<Told | undefined>;
}

const callback = (value: unknown) => value;

/** Each kind of message that carries a value. */
export const cases: Case[] = [
  {
    message: 'call-invoke',
    root: 'args[0]',
    subject: 'take()',
    run: (proxy, kind) => failure(() => proxy.take(make(kind))),
  },
  {
    message: 'call-result',
    root: 'result',
    subject: 'result()',
    run: (proxy, kind) => failure(() => proxy.result(kind)),
  },
  {
    message: 'call-result of a promise',
    root: 'result',
    subject: 'laterResult()',
    run: (proxy, kind) => failure(() => proxy.laterResult(kind)),
  },
  {
    message: 'call-result that fails',
    root: 'error',
    subject: 'thrown()',
    run: (proxy, kind) => failure(() => proxy.thrown(kind)),
  },
  {
    message: 'call-result of a promise that fails',
    root: 'error',
    subject: 'rejected()',
    run: (proxy, kind) => failure(() => proxy.rejected(kind)),
  },
  {
    message: 'callback-invoke',
    root: 'args[0]',
    subject: 'callback()',
    run: (proxy, kind) => proxy.invoke(callback, kind),
  },
  {
    message: 'callback-invoke that blocks',
    root: 'args[0]',
    subject: 'callback()',
    run: (proxy, kind) => proxy.invoke(sync(callback), kind),
  },
  {
    message: 'callback-result',
    root: 'result',
    subject: 'give()',
    run(proxy, kind) {
      const give = (): unknown => make(kind);
      return proxy.ask(give);
    },
  },
  {
    message: 'callback-result that fails',
    root: 'error',
    subject: 'give()',
    run(proxy, kind) {
      const give = async (): Promise<never> => {
        throw make(kind);
      };
      return proxy.ask(give);
    },
  },
  {
    message: 'callback-result for which the child blocks',
    root: 'result',
    subject: 'give()',
    run(proxy, kind) {
      const give = (): unknown => make(kind);
      return proxy.ask(sync(give));
    },
  },
  {
    message: 'callback-result of a promise for which the child blocks',
    root: 'result',
    subject: 'give()',
    run(proxy, kind) {
      const give = async (): Promise<unknown> => make(kind);
      return proxy.ask(sync(give));
    },
  },
  {
    message: 'callback-result that fails, for which the child blocks',
    root: 'error',
    subject: 'give()',
    run(proxy, kind) {
      const give = (): never => {
        throw make(kind);
      };
      return proxy.ask(sync(give));
    },
  },
  { message: 'stream-data from the child', root: 'item', run: (proxy, kind) => failure(() => last(proxy.items(kind))) },
  {
    message: 'stream-data from the parent',
    root: 'item',
    run(proxy, kind) {
      function* items(): Generator<unknown> {
        yield 1;
        yield make(kind);
      }
      return proxy.read(items());
    },
  },
  {
    message: 'stream-data of a web stream',
    root: 'item',
    run: async (proxy, kind) => {
      const stream = await proxy.readableStream(kind, 'chunk');
      return failure(() => last(stream[Symbol.asyncIterator]()));
    },
  },
  {
    message: 'stream-step',
    root: 'value',
    run: async (proxy, kind) => {
      const iterator = await proxy.echo();
      await iterator.next();
      return failure(() => iterator.next(make(kind)));
    },
  },
  {
    message: 'stream-end with a value, from the child',
    root: 'value',
    run: (proxy, kind) => failure(() => last(proxy.returns(kind))),
  },
  {
    message: 'stream-end with a value, from the parent',
    root: 'value',
    run(proxy, kind) {
      function* returns(): Generator<unknown> {
        yield 1;
        return make(kind);
      }
      return proxy.readReturned(returns());
    },
  },
  {
    message: 'stream-end that fails, from the child',
    root: 'error',
    run: (proxy, kind) => failure(() => last(proxy.throws(kind))),
  },
  {
    message: 'stream-end of a web stream that fails',
    root: 'error',
    run: async (proxy, kind) => {
      const stream = await proxy.readableStream(kind, 'error');
      return failure(() => last(stream[Symbol.asyncIterator]()));
    },
  },
  {
    message: 'stream-close',
    root: 'error',
    run: (proxy, kind) =>
      new Promise((resolve) => {
        const readable = new ReadableStream({ cancel: (reason: Told) => resolve(reason) });
        void proxy.cancel(readable, kind);
      }),
  },
  {
    message: 'signal-abort from the parent',
    root: 'reason',
    run(proxy, kind) {
      const controller = new AbortController();
      const heard = proxy.heardReason(controller.signal);
      controller.abort(make(kind));
      return heard;
    },
  },
  {
    message: 'signal-abort from the child',
    root: 'reason',
    run: (proxy, kind) =>
      new Promise((resolve) => {
        const take = (signal: AbortSignal): void =>
          signal.addEventListener('abort', () => resolve(signal.reason as Told), { once: true });
        void proxy.abort(take, kind);
      }),
  },
  {
    message: 'a signal that has fired before',
    root: 'args[0].reason',
    subject: 'heardReason()',
    // It reads the reason once.
    except: 'fickle',
    run: (proxy, kind) => proxy.heardReason(AbortSignal.abort(make(kind))),
  },
  {
    message: 'event-emit',
    root: 'args[0]',
    subject: "event 'value'",
    run: async (proxy, kind) => {
      const listener = (): void => {};
      proxy.on('value', listener);
      const told = warning();
      await proxy.send(kind);
      proxy.off('value', listener);
      return told;
    },
  },
  {
    message: 'event-failed',
    root: 'error',
    run: async (proxy, kind) => {
      const listener = (): void => {};
      const told = warning();
      proxy.on(`refused ${kind}`, listener);
      proxy.off(`refused ${kind}`, listener);
      return told;
    },
  },
];
