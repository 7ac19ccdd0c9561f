import { getHeapStatistics } from 'node:v8';

/** What fuzzing must never bring about in the process in which it runs. */

export interface Escapes {
  /** @throws when an error has escaped since the last time */
  check(): void;
  stop(): void;
}

/** Notes uncaught exceptions and unhandled rejections. */
export function noteEscapes(): Escapes {
  const escaped: unknown[] = [];
  const note = (error: unknown): number => escaped.push(error);
  process.on('unhandledRejection', note);
  process.on('uncaughtException', note);
  return {
    check() {
      if (escaped.length > 0) throw new Error('something escaped', { cause: escaped.splice(0) });
    },
    stop() {
      process.off('unhandledRejection', note);
      process.off('uncaughtException', note);
    },
  };
}

/** What prototype pollution would change. */
export function fingerprint(): string {
  const prototypes = [Object, Array, Function, Error, Promise, Map].map(({ prototype }) =>
    Reflect.ownKeys(prototype).map(String),
  );
  return JSON.stringify([prototypes, Reflect.ownKeys(globalThis).length, Reflect.ownKeys(Object).map(String)]);
}

export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Bytes of the heap and of buffers, what is garbage included. */
export function memoryInUse(): number {
  const { used_heap_size: heap, external_memory: external } = getHeapStatistics();
  return heap + external;
}
