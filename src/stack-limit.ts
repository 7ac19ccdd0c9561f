/**
 * Sets how many frames V8 captures, and returns the limit before. Where the limit is read-only, as with `--frozen-intrinsics` or under
 * SES, it stays as it is.
 */
export function setStackLimit(limit: number): number {
  const before = Error.stackTraceLimit;
  Reflect.set(Error, 'stackTraceLimit', limit);
  return before;
}
