import { pathToFileURL } from 'node:url';

/** Frames beyond these are not looked at: helpers between the user's file and `procxy()` are few. */
const MAX_FRAMES = 20;

/**
 * The URL of the file that called `boundary`, or `undefined` where the caller is no file (a REPL, `--eval`).
 * It reads V8's call sites, since a formatted stack may have been rewritten by a source map.
 */
export function callerUrl(boundary: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace, stackTraceLimit } = Error;
  const holder: { stack?: NodeJS.CallSite[] } = {};
  try {
    Error.stackTraceLimit = MAX_FRAMES;
    Error.prepareStackTrace = (_error, sites) => sites;
    Error.captureStackTrace(holder, boundary);
    const file = holder.stack?.map((site) => site.getFileName()).find(isUserFile);
    if (file === undefined) return undefined;
    return file.startsWith('file:') ? file : pathToFileURL(file).href;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function isUserFile(name: string | null | undefined): name is string {
  return name !== null && name !== undefined && !/^(node:|\[|evalmachine\.)/.test(name);
}
