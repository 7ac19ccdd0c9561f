import { fork, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnWithIpc } from 'procxy/ipc';

/** Node's own channel, and this library's: the same is expected of both. */
export const kinds = ['fork', 'spawnWithIpc'] as const;
export type Kind = (typeof kinds)[number];

/** The child's stderr is that of the tests: what it did not expect is seen. */
const quiet: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];

export function ipcProgram(name: string): string {
  return fileURLToPath(new URL(`../fixtures/ipc/${name}`, import.meta.url));
}

export function start(kind: Kind, program = 'echo.js', args: string[] = [], options: SpawnOptions = {}): ChildProcess {
  const settings = { stdio: quiet, ...options };
  if (kind === 'fork') return fork(ipcProgram(program), args, settings);
  return spawnWithIpc(process.execPath, [ipcProgram(program), ...args], settings);
}

/** One that answers already: what is sent now finds its listeners there. */
export async function startReady(...args: Parameters<typeof start>): Promise<ChildProcess> {
  const child = start(...args);
  const answer = receive(child, 1);
  child.send('ready');
  await answer;
  return child;
}

/** Resolves with the exit code and the signal when the child has gone, and all that is emitted then has been. */
export async function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  // Not 'close': Node emits none after a disconnect() of the parent.
  await sleep(20);
  return [child.exitCode, child.signalCode];
}

export async function disconnected(child: ChildProcess): Promise<void> {
  child.disconnect();
  await ended(child);
}

/** The next messages. It rejects when there are no more, and takes its listeners away. */
export function receive(child: ChildProcess, count: number): Promise<unknown[]> {
  const messages: unknown[] = [];
  return new Promise((resolve, reject) => {
    const onMessage = (message: unknown): void => {
      messages.push(message);
      if (messages.length === count) settle(() => resolve(messages));
    };
    const onEnd = (): void => settle(() => reject(new Error(`It ended after ${messages.length} of ${count} messages`)));
    const settle = (how: () => void): void => {
      child.off('message', onMessage);
      child.off('close', onEnd);
      how();
    };
    child.on('message', onMessage);
    child.on('close', onEnd);
  });
}

/** Everything that a child emits, in its order. */
export function record(child: ChildProcess): unknown[] {
  const log: unknown[] = [];
  child.on('message', (message) => log.push(['message', message]));
  child.on('error', (error) => log.push(['error', codeOf(error)]));
  child.on('disconnect', () => log.push(['disconnect', child.connected, child.channel]));
  child.on('exit', (...status) => log.push(['exit', ...status]));
  return log;
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code ?? error;
}
