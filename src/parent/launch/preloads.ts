import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { requireFrom } from '../../require-from.js';
import { startDirectory } from '../../start-directory.js';

/** Flags whose value is a module: a package, or a path. Both are looked for where the process was started. */
const flag = /^(--import|--loader|--experimental-loader|--require|-r)(?:=(.*))?$/s;

/** A flag that loads a module, and what stands for it in a list of flags. */
export interface Preload {
  /** One or two arguments. The module's path or URL is absolute, since the child may start threads and processes of its own elsewhere. */
  located: string[];
  /** How many arguments of the list it takes. */
  length: number;
}

/** Reads the flag at the beginning of a list, if it loads a module. */
export function readPreload([first = '', second = '']: readonly string[]): Preload | undefined {
  const match = flag.exec(first);
  if (!match) return undefined;
  const [, name = '', value] = match;
  return value === undefined
    ? { located: [name, locate(name, second)], length: 2 }
    : { located: [`${name}=${locate(name, value)}`], length: 1 };
}

/** Rewrites the value of NODE_OPTIONS in the same way. */
export function locateInOptions(text: string): string {
  return rewrite(text, ({ located }) => located);
}

/** Leaves out what loads modules: a child with permissions of its own may not be able to read them. */
export function withoutPreloads(text: string): string {
  return rewrite(text, () => []);
}

function rewrite(text: string, change: (preload: Preload) => string[]): string {
  const parts = partsOf(text);
  const rewritten: string[] = [];
  while (parts.length > 0) {
    const preload = readPreload(parts.map(unquoted));
    if (preload) rewritten.push(...change(preload).map(quoted));
    else rewritten.push(parts[0] ?? '');
    parts.splice(0, preload?.length ?? 1);
  }
  return rewritten.join(' ');
}

/** The flags in a value of NODE_OPTIONS that load modules. */
export function preloadsIn(text: string): string[] {
  const flags = partsOf(text).map(unquoted);
  return flags.flatMap((_flag, index) => readPreload(flags.slice(index))?.located ?? []);
}

function locate(name: string, module: string): string {
  if (startDirectory === undefined) return module;
  const isRelative = /^\.\.?[\\/]/.test(module);
  if (name !== '-r' && name !== '--require') {
    // As Node does: `import` takes no path with a drive of Windows. Only Node's own resolver knows what a package's name would find.
    return isRelative ? new URL(module, pathToFileURL(join(startDirectory, '/'))).href : module;
  }
  if (isRelative) return resolve(startDirectory, module);
  try {
    return requireFrom(join(startDirectory, 'index.js')).resolve(module);
  } catch {
    return module;
  }
}

/** As Node splits it: at spaces, but not within double quotes. */
function partsOf(text: string): string[] {
  return text.match(/(?:[^\s"]|"(?:\\.|[^"\\])*"?)+/gs) ?? [];
}

function unquoted(part: string): string {
  return part.replace(/"((?:\\.|[^"\\])*)"?/gs, (_all, inner: string) => inner.replace(/\\(.)/gs, '$1'));
}

function quoted(part: string): string {
  return /[\s"\\]/.test(part) ? `"${part.replace(/["\\]/g, '\\$&')}"` : part;
}
