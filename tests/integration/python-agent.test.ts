import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChildCrashedError, ModuleResolutionError, OptionsValidationError, procxy, ProtocolError } from 'procxy';

const example = fileURLToPath(new URL('../../examples/python-agent/', import.meta.url));

interface Probe {
  seen: number;
  echo(value: unknown): unknown;
  call(fn: (n: number) => Promise<number>, n: number): Promise<number>;
  hold(fn: () => void): void;
  drop(): void;
  fail(kind: string): void;
  garbage(): void;
  exit(code: number): void;
  exitOn(signal: string, code: number): void;
}
const ProbeClass = class {} as unknown as new () => Probe;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-python-'));
  const program = `
import os, signal, sys
sys.path.insert(0, ${JSON.stringify(example)})
from procxy_agent import Agent

class Probe:
    def __init__(self): self.seen = 0; self._held = []
    def echo(self, value): self.seen += 1; return value
    def call(self, fn, n): return fn(n)
    def hold(self, fn): self._held.append(fn)
    def drop(self): self._held.clear()
    def fail(self, kind): raise __builtins__.__dict__[kind]('it failed')
    def garbage(self): os.write(3, b'{"type": \\n')
    def exit(self, code): os._exit(code)
    def exitOn(self, name, code): signal.signal(getattr(signal, name), lambda *_: os._exit(code))
    def _hidden(self): return 'hidden'

Agent(Probe).serve()
`;
  writeFileSync(join(folder, 'probe.py'), program);
});
afterAll(() => rmSync(folder, { recursive: true }));

const start = (killSignal: NodeJS.Signals = 'SIGTERM') =>
  procxy(ProbeClass, { execPath: 'python3', agent: join(folder, 'probe.py'), enableCallbacks: true, killSignal });
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

test('the example runs', async () => {
  const program = join(example, 'main.ts');
  const tsx = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [tsx, program]);
  expect(stderr).toBe('');
  expect(stdout).toContain("[ [ 'to', 2 ], [ 'be', 2 ] ]\nwords: 10\nLookupError: answer has not been seen\ntrue [");
  expect(stdout).toMatch(/words: 8\n$/);
});

test('values arrive as they are, and attributes are mirrored', async () => {
  await using probe = await start();
  const values = [null, 'é🦊', 1.5, [[], {}], { a: [true] }, { __procxy_callback: 'forged' }];
  for (const value of values) expect(await probe.echo(value)).toEqual(value);
  expect(await probe.echo(undefined)).toBeNull();
  expect(probe.seen).toBe(values.length + 1);
  expect(probe).toBeInstanceOf(ProbeClass);
  expect('_hidden' in probe).toBe(false);
});

test('functions are called, also from within a call, and are released', async () => {
  await using probe = await start();
  expect(await probe.call(async (n) => n * 2, 21)).toBe(42);
  const nested = await probe.call(async (n) => ((await probe.echo(n)) as number) + 1, 1);
  expect(nested).toBe(2);
  const failing = async (): Promise<never> => {
    throw new RangeError('thrown here');
  };
  expect(await outcome(probe.call(failing, 1))).toMatchObject({ name: 'RangeError', message: 'thrown here' });
  // One may be in the traceback of what it has thrown.
  const held = async (): Promise<number> => (await probe.$stats()).parent.exportedFunctions;
  const before = await held();
  expect(before).toBeLessThanOrEqual(1);
  for (let n = 0; n < 50; n++) await probe.hold(() => {});
  expect(await held()).toBe(before + 50);
  await probe.drop();
  await probe.echo(1);
  expect(await held()).toBe(before);
});

test('an exception of Python is an error of the class that stands for it, with its traceback', async () => {
  await using probe = await start();
  const error = (await outcome(probe.fail('TypeError'))) as Error;
  expect(error).toBeInstanceOf(TypeError);
  expect(error.message).toBe('it failed');
  expect(error.stack).toMatch(/probe\.py", line \d+, in fail[^]*python-agent\.test\.ts/);
  expect(await outcome(probe.fail('IndexError'))).toBeInstanceOf(RangeError);
  expect(await outcome(probe.fail('ZeroDivisionError'))).toMatchObject({ name: 'ZeroDivisionError' });
});

test('its end settles open calls, and garbage bytes end it', async () => {
  const exiting = await start();
  expect(await outcome(exiting.exit(3))).toMatchObject({ name: 'ChildCrashedError', exitCode: 3 });
  const hostile = await start();
  expect(await outcome(hostile.garbage())).toBeInstanceOf(ProtocolError);
  await hostile.$exited;
});

test('impossible combinations of options are refused', async () => {
  expect(await outcome(procxy(ProbeClass, { agent: './nowhere.py', execPath: 'python3' }))).toBeInstanceOf(
    ModuleResolutionError,
  );
  const both = procxy(ProbeClass, './module.js', { agent: './agent.py' });
  expect(await outcome(both)).toBeInstanceOf(OptionsValidationError);
  expect(await outcome(procxy.warm(1, { agent: './agent.py' }))).toBeInstanceOf(OptionsValidationError);
  const missing = procxy(ProbeClass, { agent: join(folder, 'probe.py'), execPath: '/nowhere/python' });
  expect(await outcome(missing)).toBeInstanceOf(ChildCrashedError);
});

test('killSignal is the signal that the program gets at the end', async () => {
  for (const [given, signal, code] of [
    [undefined, 'SIGTERM', 3],
    ['SIGUSR1', 'SIGUSR1', 4],
    ['SIGINT', 'SIGINT', 5],
  ] as const) {
    const probe = await start(given);
    await probe.exitOn(signal, code);
    await probe.$terminate();
    expect(await probe.$exited).toEqual({ code, signal: null });
  }
  const probe = await start('SIGKILL');
  await probe.$terminate();
  expect(await probe.$exited).toEqual({ code: null, signal: 'SIGKILL' });
});
