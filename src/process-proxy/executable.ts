import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ExecutableNotFoundError } from '../errors.js';

/**
 * Returns the path of the executable for a platform. Start it, or name it where another program starts it.
 * @param platform as `process.platform`. Default: the current one
 * @param arch as `process.arch`. Default: the current one
 * @throws {ExecutableNotFoundError} when the package has none for that platform
 */
export function getExecutablePath(platform: string = process.platform, arch: string = process.arch): string {
  const folder = nativeFolder();
  const path = join(folder, `${platform}-${arch}`, platform === 'win32' ? 'process-proxy.exe' : 'process-proxy');
  if (existsSync(path)) return path;
  const known = existsSync(folder) ? readdirSync(folder).join(', ') : 'none';
  throw new ExecutableNotFoundError(
    `getExecutablePath(): there is no executable for ${platform}-${arch} (there are: ${known}). Build it on such a machine, ` +
      `by npm run build in a clone of procxy, and copy it to ${path}.`,
  );
}

/** Finds the folder by the package's name, because this code may have been bundled into an app. */
function nativeFolder(): string {
  const own = typeof __filename === 'string' ? __filename : import.meta.url;
  for (const base of [own, process.argv[1], join(process.cwd(), 'index.js')]) {
    try {
      if (base) return join(dirname(createRequire(base).resolve('procxy/process-proxy')), 'native');
    } catch {
      // The package cannot be found from here. Try the next place.
    }
  }
  throw new ExecutableNotFoundError(
    "getExecutablePath(): the package 'procxy' was not found. If this app is bundled, leave procxy out of the bundle (external) or " +
      'install it in a node_modules folder beside it.',
  );
}
