import { closeSync, openSync } from 'node:fs';
import { Server } from 'node:net';
import { setTimeout } from 'node:timers/promises';

/** How long a pipe may take to close after the last test, in ms. */
const GRACE = 5000;

/**
 * Notes the named pipes that this process opens. The function it returns tells which of them are still open. Pipes of other processes
 * end with those, which the runner looks for.
 */
export function watchPipes(): () => Promise<string[]> {
  const opened = new Set<string>();
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    const [first] = args;
    const path = typeof first === 'string' ? first : (first as { path?: unknown } | undefined)?.path;
    if (typeof path === 'string' && path.startsWith('\\\\')) opened.add(path);
    return Reflect.apply(listen, this, args) as Server;
  } as typeof listen;
  return async () => {
    const end = performance.now() + GRACE;
    let left = [...opened].filter(isOpen);
    while (left.length > 0 && performance.now() < end) {
      await setTimeout(100);
      left = left.filter(isOpen);
    }
    return left;
  };
}

function isOpen(path: string): boolean {
  try {
    closeSync(openSync(path, 'r+'));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
