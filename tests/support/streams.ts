import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { ProcxyStats } from 'procxy';

export const modes = ['json', 'advanced'] as const;

setFlagsFromString('--expose-gc');
export const collectGarbage = runInNewContext('gc') as () => void;
setFlagsFromString('--no-expose-gc');

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Blocks this process, so that messages from the other one wait. */
export function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** Returns the items, followed by the error of the iteration, if there was one. */
export async function outcomeOf(items: AsyncIterable<unknown>): Promise<{ items: unknown[]; error?: unknown }> {
  const seen: unknown[] = [];
  try {
    for await (const item of items) seen.push(item);
    return { items: seen };
  } catch (error) {
    return { items: seen, error };
  }
}

export function failure(promise: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(promise).then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** Rejects if a promise takes far too long, instead of hanging until the test's own limit. */
export async function within<T>(promise: PromiseLike<T>, what: string, ms = 30_000): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`Never settled: ${what}`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function openStreams(proxy: { $stats(): Promise<ProcxyStats> }): Promise<[parent: number, child: number]> {
  const { parent, child } = await proxy.$stats();
  return [parent.openStreams, child.openStreams];
}

/** Resolves when no stream is open on either side. Rejects if that never happens. */
export async function untilNoneOpen(proxy: { $stats(): Promise<ProcxyStats> }, collecting = false): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const [parent, child] = await openStreams(proxy);
    if (parent + child === 0) return;
    if (attempt === 200) throw new Error(`Still open: ${parent} in the parent, ${child} in the child`);
    if (collecting) collectGarbage();
    await sleep(20);
  }
}

/** All ways in which values cross. The tests of streams run in each of them. */
export const settings = modes.flatMap((serialization) =>
  (['ipc', 'socket'] as const).map((channel) => ({ serialization, channel })),
);
