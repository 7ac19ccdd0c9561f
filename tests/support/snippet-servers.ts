import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A page's commands that go on while the next ones run, as in another terminal. */

const command = fileURLToPath(new URL('../../dist/procxy-host.js', import.meta.url));
/** By the folder in which they run. */
const running = new Map<string, ChildProcess[]>();

export function isServer(line: string): boolean {
  return line.startsWith('npx procxy-host ');
}

/** Starts it, and resolves to its first lines, on stdout or stderr: as many as `count`, or fewer if it ends. */
export async function startServer(cwd: string, line: string, count: number): Promise<string[]> {
  const child = spawn(process.execPath, [command, ...line.split(' ').slice(2)], {
    cwd,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.set(cwd, [...(running.get(cwd) ?? []), child]);
  const lines: string[] = [];
  const enough = new Promise<void>((resolve) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on('line', (text) => lines.push(text) >= count && resolve());
    }
  });
  await Promise.race([enough, once(child, 'close')]);
  return lines.slice(0, count);
}

/** Ends the servers of a folder, and waits until they have ended. */
export async function stopServers(cwd: string): Promise<void> {
  const children = (running.get(cwd) ?? []).filter(({ exitCode, signalCode }) => exitCode === null && !signalCode);
  running.delete(cwd);
  await Promise.all(children.map((child) => (child.kill('SIGKILL'), once(child, 'close'))));
}
