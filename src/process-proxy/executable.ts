import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { callSites } from '../call-sites.js';
import { ExecutableNotFoundError } from '../process-proxy-errors.js';
import { requireFrom } from '../require-from.js';

/**
 * Returns the path of the executable for a platform. Start it, or configure another program to start it.
 * @param platform a value of `process.platform`. Default: the current one
 * @param arch a value of `process.arch`. Default: the current one
 * @throws {ExecutableNotFoundError} if the package has none for that platform
 * @example
 * ```ts
 * const path = getExecutablePath(); // for this machine
 * ```
 */
export function getExecutablePath(platform: string = process.platform, arch: string = process.arch): string {
  const folder = nativeFolder();
  const path = pathIn(folder, platform, arch);
  if (existsSync(path)) return path;
  const known = executablesIn(folder).map((each) => `${each.platform}-${each.arch}`);
  throw new ExecutableNotFoundError(
    `getExecutablePath() found no executable for ${platform}-${arch}. This package has ${known.join(', ') || 'none'}. Build it on such ` +
      `a machine, with "npm run build" in a clone of procxy, and copy it to ${path}.`,
  );
}

/**
 * An executable in this package.
 *
 * @example
 * ```ts
 * const forLinux = ({ platform }: ProxyCommandDetails): boolean => platform === 'linux';
 * getAllProxyCommandPaths().filter(forLinux);
 * ```
 */
export interface ProxyCommandDetails {
  /** As `process.platform`. */
  platform: string;
  /** As `process.arch`. */
  arch: string;
  /** The absolute path of its file. */
  path: string;
}

/**
 * Returns every executable in this package, to copy them into an installer or an app.
 * @throws {ExecutableNotFoundError} if the package itself is not found
 * @example
 * ```ts
 * for (const { platform, arch, path } of getAllProxyCommandPaths()) {
 *   console.log(`${platform}-${arch}: ${path}`);
 * }
 * ```
 */
export function getAllProxyCommandPaths(): ProxyCommandDetails[] {
  return executablesIn(nativeFolder());
}

function executablesIn(folder: string): ProxyCommandDetails[] {
  if (!existsSync(folder)) return [];
  const named = readdirSync(folder).map((name) => {
    const [platform = '', arch = ''] = name.split('-');
    return { platform, arch, path: pathIn(folder, platform, arch) };
  });
  return named.filter(({ path }) => existsSync(path));
}

function pathIn(folder: string, platform: string, arch: string): string {
  return join(folder, `${platform}-${arch}`, platform === 'win32' ? 'process-proxy.exe' : 'process-proxy');
}

/**
 * Finds the folder by the package's name, because this code may have been bundled into an app. Asks V8 for the name of this file:
 * bundlers replace `import.meta.url` and `__filename` by values of the machine on which they run.
 */
function nativeFolder(): string {
  const own = callSites(nativeFolder)[0]?.getFileName();
  for (const base of [own, process.argv[1], join(process.cwd(), 'index.js')]) {
    try {
      if (base) return join(dirname(requireFrom(base).resolve('procxy/process-proxy')), 'native');
    } catch {
      // The package cannot be found from here. Try the next place.
    }
  }
  throw new ExecutableNotFoundError(
    "The package 'procxy', which contains the executables, was not found. If this app is bundled, keep procxy out of the bundle (as an " +
      'external module), or install it in a node_modules folder beside the bundle.',
  );
}
