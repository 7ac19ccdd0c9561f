import { setStackLimit } from './stack-limit.js';

/** Frames beyond these are not looked at: helpers between the user's file and `procxy()` are few. */
const MAX_FRAMES = 20;

/** What is read of a frame. */
export type Frame = Pick<NodeJS.CallSite, 'getFileName' | 'getScriptNameOrSourceURL' | 'getEvalOrigin'>;

/** The frames above `boundary`, or from the caller of this function on. V8's own: a formatted stack may have been rewritten by a source map. */
export function callSites(boundary: (...args: never[]) => unknown = callSites): Frame[] {
  const { prepareStackTrace } = Error;
  const holder: { stack?: NodeJS.CallSite[] | string } = {};
  const limit = setStackLimit(MAX_FRAMES);
  const isPrepared = Reflect.set(Error, 'prepareStackTrace', (_error: Error, sites: NodeJS.CallSite[]) => sites);
  try {
    Error.captureStackTrace(holder, boundary);
    const { stack = [] } = holder;
    return typeof stack === 'string' ? readText(stack) : stack;
  } finally {
    if (isPrepared) Error.prepareStackTrace = prepareStackTrace;
    setStackLimit(limit);
  }
}

/** Where `Error` is frozen, there is only the text. */
function readText(stack: string): Frame[] {
  return stack
    .split('\n')
    .map((line) => /(?:\(|at (?:async )?)((?:[a-z][a-z0-9+.-]*:|\/).*):\d+:\d+\)?$/i.exec(line)?.[1])
    .filter((file) => file !== undefined)
    .map((file) => ({
      getFileName: () => file,
      getScriptNameOrSourceURL: () => file,
      getEvalOrigin: () => undefined,
    }));
}
