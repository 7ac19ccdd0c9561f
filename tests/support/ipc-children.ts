import { fork, type ChildProcess, type SpawnOptions, type StdioOptions } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { text } from 'node:stream/consumers';
import { spawnWithIpc, type SpawnWithIpcOptions } from 'procxy/ipc';
import { expect } from 'vitest';

/** Node's own channel and that of this library. Tests expect the same behavior from both. */
export const kinds = ['fork', 'spawnWithIpc'] as const;
export type Kind = (typeof kinds)[number];

/** The child inherits stderr, so that its errors are visible. */
const quiet: StdioOptions = ['ignore', 'ignore', 'inherit', 'ipc'];

export function ipcProgram(name: string): string {
  return fileURLToPath(new URL(`../fixtures/ipc/${name}`, import.meta.url));
}

export function start(kind: Kind, program = 'echo.js', args: string[] = [], options: SpawnOptions = {}): ChildProcess {
  const settings = { stdio: quiet, ...options };
  if (kind === 'fork') return fork(ipcProgram(program), args, settings);
  return spawnWithIpc(process.execPath, [ipcProgram(program), ...args], settings);
}

/** Starts a child and waits for its first answer, so that its listeners exist. */
export async function startReady(...args: Parameters<typeof start>): Promise<ChildProcess> {
  const child = start(...args);
  const answer = receive(child, 1);
  child.send('ready');
  await answer;
  return child;
}

/** Resolves with the exit code and the signal when the child has ended and all its events have been emitted. */
export async function ended(child: ChildProcess): Promise<[number | null, NodeJS.Signals | null]> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  // Not 'close', which Node does not emit after the parent's disconnect().
  await sleep(20);
  return [child.exitCode, child.signalCode];
}

export async function disconnected(child: ChildProcess): Promise<void> {
  child.disconnect();
  await ended(child);
}

/** Resolves with the next messages. Rejects if the channel ends before, and removes its listeners. */
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
      child.off('disconnect', onEnd);
      how();
    };
    child.on('message', onMessage);
    child.on('disconnect', onEnd);
  });
}

/** Records everything that a child emits, in order. */
export function record(child: ChildProcess): unknown[] {
  const log: unknown[] = [];
  child.on('message', (message) => log.push(['message', message]));
  child.on('error', (error) => log.push(['error', codeOf(error)]));
  child.on('disconnect', () => log.push(['disconnect', child.connected, child.channel]));
  child.on('exit', (...status) => log.push(['exit', ...status]));
  return log;
}

/**
 * Puts the end of the process last in what {@link record} has recorded: Windows may tell it before the end of the channel.
 */
export function ordered(log: unknown[]): unknown[] {
  const isExit = (entry: unknown): boolean => Array.isArray(entry) && entry[0] === 'exit';
  return process.platform === 'win32' ? [...log.filter((entry) => !isExit(entry)), ...log.filter(isExit)] : log;
}

export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code ?? error;
}

/** Starts a program that uses its channel without the library: see `raw.js`. */
export function startRaw(script: string, options: SpawnWithIpcOptions = {}): ChildProcess {
  return spawnWithIpc(process.execPath, [ipcProgram('raw.js'), script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    ...options,
  });
}

/** Everything that a child writes to its stdout. */
export function output(child: ChildProcess): Promise<string> {
  return text(child.stdout ?? expect.unreachable('stdout is piped'));
}
