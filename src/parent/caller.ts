import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { callSites, type Frame } from '../call-sites.js';
import { mainFile } from './main-file.js';
import { embeddedScript } from './single-executable.js';

/** Returns the URL of the file that called `boundary`, or `undefined` if the caller is not in a file, as in a REPL. */
export function callerUrl(boundary: (...args: never[]) => unknown): string | undefined {
  const sites = callSites(boundary);
  const embedded = embeddedScript();
  // Code in a single executable application counts as being in the executable's file.
  const names = sites.map(nameOf).map((name) => (name !== '' && name === embedded ? process.execPath : name));
  const file = names.find(isFile) ?? evaluatingFile(sites) ?? (names.some(isMadeUp) ? mainFile() : undefined);
  if (file === undefined) return undefined;
  return file.startsWith('file:') ? file : pathToFileURL(file).href;
}

/** Returns the file of a frame. Code run by `eval` has none, but bundlers and development servers name it with `//# sourceURL`. */
function nameOf(site: Frame): string {
  const file = site.getFileName();
  if (file) return file;
  const given = site.getScriptNameOrSourceURL() as string | undefined;
  return given && (isAbsolute(given) || isUrl(given)) ? given : '';
}

/** Finds the file that ran unnamed code with `eval`. V8 describes it: `eval at main (eval at run (/app/main.js:3:1))`. */
function evaluatingFile(sites: readonly Frame[]): string | undefined {
  const origins = sites.map(
    (site) => /\(((?:\/|[a-z]:[\\/]|file:).*):\d+:\d+\)+$/i.exec(site.getEvalOrigin() ?? '')?.[1],
  );
  return origins.find((origin) => origin !== undefined);
}

function isFile(name: string): boolean {
  return name.startsWith('file:') || !(name === '' || isUrl(name) || /^(\[|evalmachine\.)/.test(name));
}

/** Whether it is the name of a module in a bundle, such as `webpack-internal:///./main.js`. The main file usually is the bundle. */
function isMadeUp(name: string): boolean {
  return isUrl(name) && !/^(file|node):/.test(name);
}

/** Whether it is a URL. A single letter before the colon is a drive on Windows. */
function isUrl(name: string): boolean {
  return /^[a-z][a-z0-9+.-]+:/i.test(name);
}
