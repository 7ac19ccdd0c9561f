import { basename, join } from 'node:path';

/** A path on which a server can listen: in a folder that is the test's own, or for Windows, the name of a pipe. */
export function socketPath(folder: string, name = 'socket'): string {
  return process.platform === 'win32' ? `\\\\.\\pipe\\${basename(folder)}-${name}` : join(folder, name);
}
