import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy, type ChildCrashedError } from 'procxy';
import { Hookless, Leaving } from '../fixtures/leaving.js';
import { kill, until } from '../support/processes.js';

const module = '../fixtures/leaving.js';
let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-leaving-'));
  log = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const events = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : []);

async function read(stream: NodeJS.ReadableStream | null): Promise<string> {
  let text = '';
  for await (const chunk of stream ?? []) text += String(chunk);
  return text;
}

describe.each(['ipc', 'socket'] as const)('$terminate(), on the channel %s', (channel) => {
  test('loses nothing that the child printed', async () => {
    const leaving = await procxy(Leaving, module, { stdio: 'pipe', channel }, log);
    const printed = read(leaving.$process.stdout);
    await leaving.print(3000);
    await leaving.$terminate();
    expect((await printed).trim().split('\n')).toHaveLength(3000);
  });

  test('is not delayed by a reader that does not read', async () => {
    const leaving = await procxy(Leaving, module, { stdio: 'pipe', channel, terminateTimeout: 3000 }, log);
    leaving.$process.stdout?.pause();
    await leaving.print(100_000);
    await leaving.$terminate();
    expect(events()).toContain('disposed');
  });

  test('runs the hook, then the exit listeners, and keeps the coverage of the child', async () => {
    const env = { NODE_V8_COVERAGE: join(folder, 'coverage') };
    const leaving = await procxy(Leaving, module, { env, channel }, log);
    await leaving.$terminate();
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(events()).toEqual(['disposed', 'exit 0']);
    expect(readdirSync(env.NODE_V8_COVERAGE)).toHaveLength(1);
  });

  test('does not wait for a SIGTERM listener that does not end the child, but runs it after the hook', async () => {
    const leaving = await procxy(Leaving, module, { channel, terminateTimeout: 60_000 }, log, { hears: true });
    await leaving.$terminate();
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(events()).toEqual(['disposed', 'heard SIGTERM', 'exit 0']);
  });

  test('runs the listeners of another killSignal in place of those of SIGTERM', async () => {
    for (const [killSignal, heard] of [
      ['SIGUSR2', 'heard SIGUSR2'],
      ['SIGINT', 'heard SIGINT'],
      [1, 'heard SIGHUP'],
    ] as const) {
      const leaving = await procxy(Leaving, module, { channel, killSignal }, log, { hears: true });
      await leaving.hear(heard.slice('heard '.length) as NodeJS.Signals);
      await leaving.$terminate();
      expect(await leaving.$exited).toEqual({ code: 0, signal: null });
      expect(events()).toEqual(['disposed', heard, 'exit 0']);
      rmSync(log);
    }
  });

  test('ends a child that does not listen to its killSignal', async () => {
    const leaving = await procxy(Leaving, module, { channel, killSignal: 'SIGINT' }, log, { hears: true });
    await leaving.$terminate();
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(events()).toEqual(['disposed', 'exit 0']);
  });

  test('ends a child that removed all listeners', async () => {
    for (const event of ['message', 'disconnect', 'SIGTERM', 'exit', undefined]) {
      const leaving = await procxy(Leaving, module, { channel, terminateTimeout: 60_000 }, log);
      await leaving.removeListeners(event);
      expect(await leaving.pid(), `after the removal of ${event ?? 'all'}`).toBe(leaving.$where.pid);
      await leaving.$terminate();
      expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    }
  });
});

test('a child without a hook that does not react is killed long before terminateTimeout', async () => {
  const hookless = await procxy(Hookless, module, { terminateTimeout: 60_000 });
  const blocked = hookless.block(log).catch((error: unknown) => error);
  await until(() => events().includes('blocked'), 'the call');
  await hookless.$terminate();
  expect(await hookless.$exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await blocked).toMatchObject({ name: 'TerminatedError' });
});

describe('a signal to the whole group', () => {
  test('leaves the child to its parent, which ends it in an orderly way', async () => {
    const leaving = await procxy(Leaving, module, { terminateTimeout: 60_000 }, log);
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGINT', 'SIGTERM'] as const) kill(leaving, signal);
    expect(await leaving.pid()).toBe(leaving.$where.pid);
    await leaving.$terminate();
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(events()).toEqual(['disposed', 'exit 0']);
  });

  test('ends a child that its parent does not end, hook included, when terminateTimeout is over', async () => {
    const leaving = await procxy(Leaving, module, { terminateTimeout: 200 }, log, { hears: true });
    kill(leaving, 'SIGTERM');
    expect(await leaving.$exited).toEqual({ code: 0, signal: null });
    expect(events()).toEqual(['heard SIGTERM', 'disposed', 'exit 0']);
  });
});

describe('the last words of a child', () => {
  test.each(['itself', 'getter', 'name', 'message', 'text', 'large'] as const)('survive an error: %s', async (kind) => {
    await using leaving = await procxy(Leaving, module, { stdio: 'pipe' }, log);
    const crash = (await leaving.dieOf(kind).catch((error: unknown) => error)) as ChildCrashedError;
    expect(crash).toMatchObject({ name: 'ChildCrashedError', exitCode: 1 });
    expect(crash.stderr).not.toMatch(/agent\.cjs:\d+\n.{500}/);
    if (kind === 'text') return;
    expect(crash.cause).toBeInstanceOf(RangeError);
    if (kind !== 'message') expect(crash.message).toContain('the error itself');
  });
});

test('a child that closes its channel and keeps running is ended with an error that says so', async () => {
  await using leaving = await procxy(Leaving, module, { terminateTimeout: 200 }, log);
  const crash = await leaving.closeChannel().catch((error: unknown) => error);
  expect(crash).toMatchObject({ name: 'ChildCrashedError', signal: 'SIGKILL' });
  expect((crash as Error).message).toMatch(/closed its channel/);
});

test('a terminal that the parent reads key by key stays so when a child ends', async () => {
  const program = fileURLToPath(new URL('../fixtures/raw-terminal.js', import.meta.url));
  const python = 'import pty, sys; pty.spawn(sys.argv[1:], lambda fd: __import__("os").read(fd, 1024))';
  const output = execFileSync('python3', ['-c', python, process.execPath, program, log], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  expect(String(output)).toMatch(/before: -icanon/);
  expect(String(output)).toMatch(/after: -icanon/);
  await until(() => events().includes('exit 0'), 'the child ran its listeners');
});
