import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import { callSites } from './call-sites.js';
import { mainFile } from './main-file.js';
import { embeddedScript } from './single-executable.js';

/** The URL of the file that called `boundary`, or `undefined` where the caller is not a file: a REPL, `--eval`. */
export function callerUrl(boundary: (...args: never[]) => unknown): string | undefined {
  const sites = callSites(boundary);
  const embedded = embeddedScript();
  // What is in an application stands where the application does.
  const names = sites.map(nameOf).map((name) => (name !== '' && name === embedded ? process.execPath : name));
  const file = names.find(isFile) ?? evaluatingFile(sites) ?? (names.some(isMadeUp) ? mainFile() : undefined);
  if (file === undefined) return undefined;
  return file.startsWith('file:') ? file : pathToFileURL(file).href;
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
