import { statSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { OptionsValidationError } from '../../errors.js';
import type { ChildOptions } from '../options/child-options.js';

/** The user and group that a child runs as. `undefined` means those of this process. */
export type User = Pick<ChildOptions, 'uid' | 'gid'>;

/** @throws {OptionsValidationError} if the platform does not have numeric users and groups */
export function checkUser(user: User): void {
  if (process.platform !== 'win32' || !isGiven(user)) return;
  throw new OptionsValidationError(
    `The options \`uid\` and \`gid\` need a POSIX system, but got ${showUser(user)} on Windows. Leave them out.`,
  );
}

export function isGiven({ uid, gid }: User): boolean {
  return uid !== undefined || gid !== undefined;
}

/** Shows the options as they were given: `{ uid: 1000 }`. */
export function showUser({ uid, gid }: User): string {
  const given = Object.entries({ uid, gid }).filter(([, id]) => id !== undefined);
  return `{ ${given.map(([name, id]) => `${name}: ${id}`).join(', ')} }`;
}

/**
 * Finds the first directory on the path of a file that the user may not search, or the file itself if the user may not read it.
 * Considers only the modes of files: a system with other rules may refuse more, or less.
 */
export function barrierBefore(file: string, user: User): string | undefined {
  const way: string[] = [];
  for (let path = file; way[0] !== path; path = dirname(path)) way.unshift(path);
  return way.find((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    return stats !== undefined && !mayUse(stats, user, path === file ? READ : SEARCH);
  });
}

/** Mode bits for others. */
const READ = 0o4;
const SEARCH = 0o1;

function mayUse(stats: Stats, { uid = process.getuid?.(), gid = process.getgid?.() }: User, bit: number): boolean {
  if (uid === 0) return true;
  const shift = stats.uid === uid ? 6 : stats.gid === gid ? 3 : 0;
  return ((stats.mode >> shift) & bit) !== 0;
}
