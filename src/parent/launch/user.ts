import { statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { OptionsValidationError } from '../../errors.js';
import type { ChildOptions } from '../options/child-options.js';

/** Whom a child runs as; `undefined`: as this process. */
export type User = Pick<ChildOptions, 'uid' | 'gid'>;

/** @throws {OptionsValidationError} where the platform has no such users */
export function checkUser(user: User): void {
  if (process.platform !== 'win32' || !isGiven(user)) return;
  throw new OptionsValidationError(
    `The options \`uid\` and \`gid\` need a POSIX system, but got ${showUser(user)} on Windows. Leave them out.`,
  );
}

export function isGiven({ uid, gid }: User): boolean {
  return uid !== undefined || gid !== undefined;
}

/** The options as they were given: `{ uid: 1000 }`. */
export function showUser({ uid, gid }: User): string {
  const given = Object.entries({ uid, gid }).filter(([, id]) => id !== undefined);
  return `{ ${given.map(([name, id]) => `${name}: ${id}`).join(', ')} }`;
}

/**
 * The first directory on the way to a file that such a user may not search, or the file itself where only that may not be read. Goes
 * by the modes alone: a system that has other rules besides may refuse more, or less.
 */
export function barrierBefore(file: string, user: User): string | undefined {
  const way: string[] = [];
  for (let path = file; way[0] !== path; path = dirname(path)) way.unshift(path);
  return way.find((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !mayUse(stats, user, path === file ? READ : SEARCH);
  });
}

/** Bits of a mode, for others. */
const READ = 0o4;
const SEARCH = 0o1;

function mayUse(stats: Stats, { uid = process.getuid?.(), gid = process.getgid?.() }: User, bit: number): boolean {
  if (uid === 0) return true;
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return ((stats.mode >> shift) & bit) !== 0;
}
