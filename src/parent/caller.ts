import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { mainFile } from './main-file.js';

/** Frames beyond these are not looked at: helpers between the user's file and `procxy()` are few. */
const MAX_FRAMES = 20;

/**
 * The URL of the file that called `boundary`, or `undefined` where the caller is no file (a REPL, `--eval`).
 * It reads V8's call sites, since a formatted stack may have been rewritten by a source map.
 */
export function callerUrl(boundary: (...args: never[]) => unknown): string | undefined {
  const sites = callSites(boundary);
  const names = sites.map(nameOf);
  const file = names.find(isFile) ?? evaluatingFile(sites) ?? (names.some(isMadeUp) ? mainFile() : undefined);
  if (file === undefined) return undefined;
  return file.startsWith('file:') ? file : pathToFileURL(file).href;
}

function callSites(boundary: (...args: never[]) => unknown): NodeJS.CallSite[] {
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

/** Code that was run by `eval` is in no file, but may have a name: bundlers and development servers give it one by `//# sourceURL`. */
function nameOf(site: NodeJS.CallSite): string {
  const file = site.getFileName();
  if (file) return file;
  const given = site.getScriptNameOrSourceURL() as string | undefined;
  return given && (isAbsolute(given) || isUrl(given)) ? given : '';
}

/** The file that ran nameless code by `eval`. V8 describes it: `eval at main (eval at run (/app/main.js:3:1))`. */
function evaluatingFile(sites: readonly NodeJS.CallSite[]): string | undefined {
  const origins = sites.map(
    (site) => /\(((?:\/|[a-z]:[\\/]|file:).*):\d+:\d+\)+$/i.exec(site.getEvalOrigin() ?? '')?.[1],
  );
  return origins.find((origin) => origin !== undefined);
}

function isFile(name: string): boolean {
  return name.startsWith('file:') || !(name === '' || isUrl(name) || /^(\[|evalmachine\.)/.test(name));
}

/** The name of a module in a bundle, such as `webpack-internal:///./main.js`. The bundle is most often the file that runs. */
function isMadeUp(name: string): boolean {
  return isUrl(name) && !/^(file|node):/.test(name);
}

/** One letter before the colon is a drive of Windows. */
function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(name);
}
