/** One frame: the line of the user's code that made a call, collected at the price of 1.8 µs and formatted only if read. */
export interface CallSite {
  stack?: string;
}

/** The frame that called `boundary`. */
export function captureCallSite(boundary: (...args: never[]) => unknown): CallSite {
  const site: CallSite = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(site, boundary);
  Error.stackTraceLimit = limit;
  return site;
}

/**
 * Whether another is worth its price. So many in a row are, and after them one in so much time: calls that keep coming
 * faster, of which each takes a few microseconds, would be slowed down by a third.
 */
export class CallSiteBudget {
  #left = IN_A_ROW;
  #since = 0;

  /** @param time as `now()` gives it */
  take(time: number): boolean {
    if (this.#left < IN_A_ROW) this.#left = Math.min(IN_A_ROW, this.#left + (time - this.#since) / INTERVAL);
    this.#since = time;
    if (this.#left < 1) return false;
    this.#left--;
    return true;
  }
}

const IN_A_ROW = 64;
/** ms */
const INTERVAL = 1;

function frameOf(site: CallSite): string {
  const { stack } = site;
  const start = stack?.indexOf('\n') ?? -1;
  return start === -1 ? '' : (stack ?? '').slice(start + 1);
}

/** Puts the local call site beneath the stack of an error that came from elsewhere. */
export function appendCallSite(error: Error, site: CallSite | undefined): void {
  const frame = site && frameOf(site);
  if (frame) error.stack = `${error.stack ?? String(error)}\n${frame}`;
}

/** For an error made here, on behalf of a call, in a stack that tells nothing. */
export function replaceStack(error: Error, site: CallSite | undefined): void {
  const frame = site && frameOf(site);
  if (frame) error.stack = `${String(error)}\n${frame}`;
}
