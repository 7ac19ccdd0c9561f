/** Frames beyond these are not looked at: helpers between the user's file and `procxy()` are few. */
const MAX_FRAMES = 20;

/** The frames above `boundary`, or from the caller of this function on. V8's own: a formatted stack may have been rewritten by a source map. */
export function callSites(boundary: (...args: never[]) => unknown = callSites): NodeJS.CallSite[] {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder, boundary);
    return holder.stack ?? [];
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}
