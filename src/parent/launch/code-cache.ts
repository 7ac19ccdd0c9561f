import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { cachedDataVersionTag } from 'node:v8';
import type { ChildOptions } from '../options/child-options.js';
import { isGiven } from './user.js';

/** Found once per process: the file, or `undefined` if there is no safe place. */
let found: { file: string | undefined } | undefined;

/**
 * Returns the file of V8's code cache for the agent, or `undefined` if a child must start without it.
 *
 * V8 runs the code in a cache without checking it. So the file is in a directory that only this user can write to:
 * `~/.cache/procxy` or `$XDG_CACHE_HOME/procxy`. In case of doubt, there is no cache: on Windows, which has no file modes; for a
 * child with another executable, user or permissions; and if `NODE_DISABLE_COMPILE_CACHE` is set.
 * @param agent the agent's file
 */
export function codeCacheFor(options: ChildOptions, agent: string): string | undefined {
  return mayUse(options) ? (found ??= { file: find(agent) }).file : undefined;
}

function mayUse(options: ChildOptions): boolean {
  const { runtime, execPath, permissions, env } = options;
  const { electron } = process.versions;
  const disabled = env?.NODE_DISABLE_COMPILE_CACHE ?? process.env.NODE_DISABLE_COMPILE_CACHE;
  const isSameNode = runtime === 'node' && (execPath === undefined || execPath === process.execPath);
  const isSameUser = !isGiven(options);
  return isSameNode && isSameUser && permissions === undefined && electron === undefined && !disabled;
}

function find(agent: string): string | undefined {
  const user = process.geteuid?.();
  // In a setuid program, the environment comes from another user.
  if (user === undefined || user !== process.getuid?.()) return undefined;
  try {
    const { XDG_CACHE_HOME: given = '' } = process.env;
    const directory = join(isAbsolute(given) ? given : join(homedir(), '.cache'), 'procxy');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!isPrivate(directory, user)) return undefined;
    // The path too: V8 keeps it in the cache, as the file that stacks name.
    const digest = createHash('sha256').update(agent).update('\0').update(readFileSync(agent)).digest('hex');
    return join(directory, `${digest}-${cachedDataVersionTag()}`);
  } catch {
    return undefined;
  }
}

/** Whether only this user and root can change the contents of a directory, or replace it. */
function isPrivate(directory: string, user: number): boolean {
  const own = lstatSync(directory);
  if (!own.isDirectory() || own.uid !== user || (own.mode & 0o077) !== 0) return false;
  let path = realpathSync(directory);
  while (path !== (path = dirname(path))) {
    const { uid, mode } = lstatSync(path);
    const isSticky = (mode & 0o1000) !== 0;
    if ((uid !== user && uid !== 0) || ((mode & 0o022) !== 0 && !isSticky)) return false;
  }
  return true;
}
