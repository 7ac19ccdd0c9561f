import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildCrashedError, OptionsValidationError, procxy, sync, SyncCallbackError, type ProcxyOptions } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { isRunning, until } from '../support/processes.js';
import { runtimeBinary, runtimes } from '../support/runtimes.js';
import { firstLine, startScript } from '../support/scripts.js';

const module = '../fixtures/elsewhere.js';
const url = JSON.stringify(new URL(module, import.meta.url).href);

/** A remote that is typed by hand: what is tried here is not always what its types allow. */
type Remote = Record<string, (...args: unknown[]) => Promise<unknown>> & {
  calls: number;
  $process: { pid: number };
  $terminate(): Promise<void>;
  $stats(): Promise<{ parent: object; child: object }>;
} & AsyncDisposable;

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe.each(runtimes)('a class in %s', (runtime) => {
  let execPath: string;
  let remote: Remote;
  const start = async (options: ProcxyOptions = {}): Promise<Remote> =>
    (await procxy(Elsewhere, module, { execPath, enableCallbacks: true, ...options }, 'x')) as unknown as Remote;

  beforeAll(async () => {
    execPath = await runtimeBinary(runtime);
    remote = await start();
  }, 240_000);
  afterAll(() => remote?.$terminate());

  test('is called, many times at once, with values small and large', async () => {
    expect(await remote['runtime']?.()).toBe(runtime);
    expect(remote.calls).toBe(1);
    expect(remote['name']).toBe('x');
    expect(await remote['variables']?.()).toEqual([]);
    const large = 'é🦊\n'.repeat(400_000);
    const values = [undefined, null, -0, { a: [1, undefined] }, large, ...Array.from({ length: 2000 }, (_, n) => n)];
    expect(await Promise.all(values.map((value) => remote['echo']?.(value)))).toEqual(values);
  });

  test('functions cross both ways, and events arrive in order', async () => {
    const log: unknown[] = [];
    const listener = (count: unknown): unknown => log.push(`mapped ${String(count)}`);
    const emitter = remote as unknown as { on(name: string, fn: unknown): void; off(name: string, fn: unknown): void };
    emitter.on('mapped', listener);
    const double = async (n: number): Promise<number> => {
      log.push(n);
      return n * 2;
    };
    expect(await remote['map']?.([1, 2], double)).toEqual([2, 4]);
    expect(log).toEqual([1, 2, 'mapped 2']);
    emitter.off('mapped', listener);
    const add = (await remote['adder']?.(1)) as (m: number) => Promise<number>;
    expect(await add(41)).toBe(42);
  });

  test('errors keep their identity', async () => {
    const error = await outcome(remote['fail']?.() as Promise<unknown>);
    expect(error).toBeInstanceOf(RangeError);
    expect(error).toMatchObject({ message: 'beyond', code: 'E_BEYOND', cause: new TypeError('below') });
  });

  test('generators and streams cross', async () => {
    const items: unknown[] = [];
    const counting = remote['count']?.(5) as unknown as AsyncIterable<number>;
    for await (const item of counting) items.push(item);
    expect(items).toEqual([0, 1, 2, 3, 4]);
    const bytes = await buffer((await remote['bytes']?.(100_000)) as Readable);
    expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([200_000, 1, 2]);
    const own = Readable.from([Buffer.alloc(300_000), Buffer.alloc(7)], { objectMode: false });
    expect(await remote['length']?.(own)).toBe(300_007);
  });

  test('sync() works if a process can wait, and says so if it cannot', async () => {
    const sorted = await outcome(
      remote['sort']?.(
        [3, 1, 2],
        sync((a: number, b: number) => a - b),
      ) as Promise<unknown>,
    );
    if (runtime === 'bun') expect(sorted).toEqual([1, 2, 3]);
    else expect(sorted).toBeInstanceOf(SyncCallbackError);
  });

  test.each([
    ['exit', [7], { exitCode: 7 }],
    ['throwLater', [], { exitCode: 1, cause: new SyntaxError('too late') }],
    ['rejectLater', [], { exitCode: 1, cause: new SyntaxError('never caught') }],
  ])('its end settles what is open: %s()', async (method, args, expected) => {
    await using dying = await start({ stdio: 'ignore' });
    const error = await outcome(dying[method]?.(...args) as Promise<unknown>);
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error).toMatchObject(expected);
  });

  test('it ends when the parent is killed', async () => {
    const script = startScript(`
      const { Elsewhere } = await import(${url});
      const remote = await procxy(Elsewhere, ${url}, { execPath: ${JSON.stringify(execPath)} }, 'x');
      console.log(remote.$process.pid);
      setInterval(() => {}, 1000);
    `);
    const pid = Number(await firstLine(script));
    expect(isRunning(pid)).toBe(true);
    script.kill('SIGKILL');
    await until(() => !isRunning(pid), 'the child ended');
  });

  test('an option that it does not support is refused before anything is sent', async () => {
    const advanced = await outcome(start({ serialization: 'advanced' }));
    expect(advanced).toBeInstanceOf(OptionsValidationError);
    expect((advanced as Error).message).toMatch(/needs a child in Node, but got (Bun|Deno)/);
    expect(await outcome(start({ supportHandles: true }))).toBeInstanceOf(OptionsValidationError);
  });
});
