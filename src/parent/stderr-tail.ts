import type { Readable } from 'node:stream';

/** How much of stderr a crash error contains, in bytes. */
const TAIL = 4096;

/** Keeps the end of what a child writes to stderr. Returns a function that returns it, or `undefined` if stderr is not a pipe. */
export function keepTail(stderr: Readable | null): () => string | undefined {
  if (!stderr) return () => undefined;
  let tail: Buffer = Buffer.alloc(0);
  stderr.on('data', (chunk: Buffer | string) => {
    const all = Buffer.concat([tail, Buffer.from(chunk)]);
    tail = all.subarray(Math.max(0, all.length - TAIL));
  });
  return () => tail.toString();
}
