import { Readable } from 'node:stream';

/** What a user's code would do with a value that arrives. */
export function use(value: unknown): void {
  if (typeof value === 'function') void Promise.resolve((value as (n: number) => unknown)(1)).catch(() => {});
  else if (value instanceof Readable) value.on('error', () => {}).resume();
  else if (value instanceof AbortSignal) value.addEventListener('abort', () => {});
  else if (typeof value === 'object' && value !== null) {
    if ('on' in value && '$release' in value) (value as object as NodeJS.EventEmitter).on('heard', () => {});
    if (Symbol.asyncIterator in value) void drain(value as AsyncIterable<unknown>).catch(() => {});
    else String(Object.keys(value));
  }
}

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const item of items) if (item === 'stop') break;
}
