// Taken at import, so that a test's fake clock does not stop it.
const { hrtime } = process;

/**
 * ms, of a clock that only goes forward: what `performance.now()` is. The first look at `performance` loads modules of 0.8 MB in
 * Node 20, which no child should do for a clock.
 */
export function now(): number {
  const [seconds, nanoseconds] = hrtime();
  return seconds * 1e3 + nanoseconds / 1e6;
}
