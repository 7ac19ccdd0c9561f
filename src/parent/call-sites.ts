/** The most frames to look at: there are few helpers between the user's file and `procxy()`. */
const MAX_FRAMES = 20;

/** Returns V8's frames above `boundary`, by default from the caller on. A source map may have rewritten a formatted stack. */
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
