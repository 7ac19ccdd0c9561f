import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  ChildCrashedError,
  OptionsValidationError,
  procxy,
  QueueFullError,
  QueueTimeoutError,
  TerminatedError,
  type Remote,
} from 'procxy';
import { Journal } from '../fixtures/journal.js';
import { Newsroom, type Desk } from '../fixtures/newsroom.js';
import { isRunning, kill, killed, until, type Located } from '../support/processes.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/journal.js';
const outcome = (promise: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(promise).then(
    (value) => value,
    (error: unknown) => error,
  );
/** No warnings, and short delays. */
const quick = { minDelay: 10, maxDelay: 20, onRestart: () => {} };

let folder: string;
let log: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'procxy-restart-'));
  log = join(folder, 'log');
});
afterEach(() => rmSync(folder, { recursive: true }));
const logged = (): string[] => (existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(0, -1) : []);

describe('a proxy with the option restart', () => {
  test.each([
    ['an exit with code 0', (journal: { exit(code: number): unknown }) => journal.exit(0)],
    ['an exit with code 3', (journal: { exit(code: number): unknown }) => journal.exit(3)],
    ['SIGKILL', (journal: Located) => kill(journal)],
  ] as const)('has a new child after %s, with the same arguments', async (_name, end) => {
    await using journal = await procxy(Journal, module, { restart: quick }, log);
    const { pid } = journal.$where;
    const exited = journal.$exited;
    expect(journal.$restarts).toBe(0);
    await journal.run('a');
    expect(journal.count).toBe(1);
    void outcome(Promise.resolve(end(journal as never)));
    await exited;
    expect(await journal.run('b')).toBe('b');
    expect(journal.count).toBe(1);
    expect(journal.$where.pid).not.toBe(pid);
    expect(journal.$exited).not.toBe(exited);
    expect(journal.$restarts).toBe(1);
    expect(logged()).toEqual(['a', 'b']);
  });

  test('rejects calls that the old child had been given, and runs none of them again', async () => {
    await using journal = await procxy(Journal, module, { restart: quick }, log);
    const open = [journal.run(1, 60_000), journal.run(2, 60_000)];
    await until(() => logged().length === 2, 'both calls run');
    kill(journal);
    for (const each of open) {
      const error = await outcome(each);
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error).toMatchObject({ ran: 'maybe', ...killed.error, message: /A new one takes its place/ });
    }
    await journal.run(3);
    expect(logged()).toEqual(['1', '2', '3']);
  });

  test('says that a reference to the old child must be got again, and has it again in onRestart', async () => {
    let desk: Remote<Desk> | undefined;
    const restart = {
      ...quick,
      onRestart: async (proxy: { desk(name: string): unknown }) => {
        desk = (await proxy.desk('sports')) as Remote<Desk>;
      },
    };
    const options = { restart, enableReferences: true, enableCallbacks: true } as const;
    await using newsroom = await procxy(Newsroom, '../fixtures/newsroom.js', options);
    const old = await newsroom.desk('sports');
    kill(newsroom);
    await newsroom.$exited;
    const advice =
      'This reference to Desk belongs to the child that ended. Get the object again from the new child, for example in `onRestart`.';
    const expected = {
      name: 'ChildCrashedError',
      ran: 'no',
      message: expect.stringMatching(new RegExp(`^fire\\(\\): .* ${killed.words}\\. This reference to Desk`)),
    };
    expect(await outcome(old.fire('goal'))).toMatchObject(expected);
    expect(await outcome(old.fire('goal'))).toMatchObject({ message: expect.stringContaining(advice) });
    expect(await newsroom.listeners('sports', 'goal')).toBe(0);
    expect(await outcome(old.fire('goal'))).toMatchObject(expected);
    expect(await outcome(old.$get('name'))).toMatchObject({ message: expect.stringContaining(advice) });
    expect(() => old.on('goal', () => {})).toThrow(TerminatedError);
    desk?.on('goal', () => {});
    expect(await newsroom.listeners('sports', 'goal')).toBe(1);
    desk?.removeAllListeners();
  });

  test('keeps the order of the calls that wait, and their asynchronous context', async () => {
    const storage = new AsyncLocalStorage<string>();
    await using journal = await procxy(Journal, module, { restart: quick, enableCallbacks: true }, log);
    kill(journal);
    await journal.$exited;
    const calls = Array.from({ length: 20 }, (_, n) => journal.run(n));
    const inContext = storage.run('mine', () => journal.callBack(() => storage.getStore()));
    expect(await Promise.all(calls)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(await inContext).toBe('mine');
    expect(logged()).toEqual(Array.from({ length: 20 }, (_, n) => `${n}`));
  });

  test('calls onRestart with the new instance before all other calls', async () => {
    const crashes: unknown[] = [];
    const restart = {
      ...quick,
      onRestart: async (proxy: { itself(): Promise<{ run(id: string): Promise<unknown> }> }, crash: unknown) => {
        crashes.push(crash);
        const itself = await proxy.itself();
        await itself.run('set up');
      },
    };
    await using journal = await procxy(Journal, module, { restart }, log);
    kill(journal);
    await journal.$exited;
    await journal.run('waited');
    expect(logged()).toEqual(['set up', 'waited']);
    expect(crashes).toMatchObject([{ name: 'ChildCrashedError', ...killed.error }]);
    expect(await journal.itself()).toBe(journal);
  });

  test.each([
    ['rejects', () => Promise.reject(new Error('cannot be set up')), 20_000],
    ['takes longer than startTimeout', () => new Promise(() => {}), 4000],
  ])('counts it as a crash if onRestart %s', async (_name, onRestart, startTimeout) => {
    let attempts = 0;
    const restart = {
      ...quick,
      onRestart: () => (++attempts < 3 ? onRestart() : undefined),
    };
    await using journal = await procxy(Journal, module, { restart, startTimeout }, log);
    kill(journal);
    await journal.$exited;
    await journal.run('at last');
    expect(attempts).toBe(3);
    expect(journal.$restarts).toBe(1);
    expect(logged()).toEqual(['at last']);
  });

  test('subscribes listeners again', async () => {
    await using journal = await procxy(Journal, module, { restart: quick }, log);
    const seen: unknown[] = [];
    journal.on('run', (id) => seen.push(id));
    journal.once('run', (id) => seen.push(`once ${String(id)}`));
    await journal.run(1);
    kill(journal);
    await journal.$exited;
    await journal.run(2);
    expect(seen).toEqual([1, 'once 1', 2]);
  });

  test("rejects calls while there is no child, with { whileDown: 'reject' }", async () => {
    const restart = { ...quick, minDelay: 300, maxDelay: 300, whileDown: 'reject' as const };
    await using journal = await procxy(Journal, module, { restart }, log);
    kill(journal);
    await journal.$exited;
    expect(await outcome(journal.run(1))).toMatchObject({ name: 'ChildCrashedError', ran: 'no', ...killed.error });
    expect(await outcome(journal.$get('count'))).toMatchObject({ name: 'ChildCrashedError', ran: 'no' });
    await until(() => journal.$restarts === 1, 'the restart');
    expect(await journal.run(2)).toBe(2);
  });

  test('bounds the calls that wait, in number and in time, and lets them be aborted', async () => {
    const restart = { ...quick, minDelay: 500, maxDelay: 500, maxQueue: 2, queueTimeout: 100 };
    await using journal = await procxy(Journal, module, { restart }, log);
    kill(journal);
    await journal.$exited;
    const controller = new AbortController();
    const aborted = outcome(journal.$with({ signal: controller.signal }).run(1));
    const late = outcome(journal.run(2));
    const tooMany = await outcome(journal.run(3));
    expect(tooMany).toBeInstanceOf(QueueFullError);
    expect(tooMany).toMatchObject({ method: 'run', maxQueue: 2, ran: 'no' });
    controller.abort(new Error('not any more'));
    expect(await aborted).toMatchObject({ message: 'not any more' });
    const timedOut = await late;
    expect(timedOut).toBeInstanceOf(QueueTimeoutError);
    expect(timedOut).toMatchObject({ method: 'run', timeoutMs: 100, ran: 'no' });
    await until(() => journal.$restarts === 1, 'the restart');
    await journal.run(4);
    expect(logged()).toEqual(['4']);
  });

  test('begins the timeout of a call when the call is handed over', async () => {
    const restart = { ...quick, minDelay: 2600, maxDelay: 2600 };
    await using journal = await procxy(Journal, module, { restart, timeout: 2500 }, log);
    kill(journal);
    await journal.$exited;
    expect(await journal.run(1)).toBe(1);
  });

  test('fails for good after too many crashes, with the last one as the cause', async () => {
    const restart = { ...quick, maxRestarts: 2, onRestart: (proxy: { exit(code: number): unknown }) => proxy.exit(7) };
    await using journal = await procxy(Journal, module, { restart }, log);
    kill(journal);
    await journal.$exited;
    const error = await outcome(journal.run(1));
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error).toMatchObject({ ran: 'no', exitCode: 7, cause: { name: 'ChildCrashedError', exitCode: 7 } });
    expect((error as Error).message).toMatch(/crashed more than 2 times within 30000 ms/);
    expect(await outcome(journal.run(2))).toMatchObject({ name: 'ChildCrashedError', ran: 'no' });
  });

  test('says so if the class has been deployed in place meanwhile', async () => {
    const file = join(folder, 'deployed.mjs');
    writeFileSync(file, 'export class Deployed { version() { return 1; } exit() { process.exit(1); } }');
    const { Deployed } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
      Deployed: new () => { version(): number; exit(): void };
    };
    await using deployed = await procxy(Deployed, file, { restart: { ...quick, maxRestarts: 1 } });
    expect(await deployed.version()).toBe(1);
    writeFileSync(file, 'export const renamed = 2;');
    void outcome(deployed.exit());
    await deployed.$exited;
    const error = (await outcome(deployed.version())) as Error;
    expect(error.cause).toMatchObject({ name: 'ModuleResolutionError', message: /was deployed in place/ });
  });

  test('rejects functions of the old child', async () => {
    await using journal = await procxy(Journal, module, { restart: quick, enableCallbacks: true });
    const given = await journal.giver();
    expect(await given()).toBe('given');
    kill(journal);
    await journal.$exited;
    await journal.pid();
    expect(await outcome(given())).toMatchObject({ name: 'ChildCrashedError', ran: 'no' });
  });

  test('rejects if the first start fails, and starts nothing again', async () => {
    const unknown = outcome(procxy(Journal, './no-such-module.js', { restart: true }));
    expect(await unknown).toMatchObject({ name: 'ModuleResolutionError' });
  });

  test.each([
    ['a stream', Readable.from(['a'])],
    ['an iterator', (function* () {})()],
    ['one within an object', { deep: [new Set([Readable.from(['a'])])] }],
  ])('refuses %s among the constructor arguments', async (_name, arg) => {
    const error = await outcome(procxy(Journal, module, { restart: true }, arg as never));
    expect(error).toBeInstanceOf(OptionsValidationError);
    expect((error as Error).message).toMatch(/`restart`.* args\[0\]/);
  });

  describe('ends for good', () => {
    const starting = { ...quick, onRestart: () => new Promise(() => {}) };
    test.each([
      ['up', quick, async () => {}],
      ['down', { ...quick, minDelay: 60_000, maxDelay: 60_000 }, (journal: { $exited: unknown }) => journal.$exited],
      ['starting', starting, () => new Promise((resolve) => setTimeout(resolve, 300))],
    ])('by $terminate() while it is %s', async (state, restart, reached) => {
      const journal = await procxy(Journal, module, { restart });
      const first = journal.$where.pid;
      if (state !== 'up') kill(journal);
      await reached(journal);
      const waiting = state === 'up' ? undefined : outcome(journal.pid());
      await journal.$terminate();
      if (waiting) expect(await waiting).toMatchObject({ name: 'TerminatedError', ran: 'no' });
      const error = await outcome(journal.pid());
      expect(error).toBeInstanceOf(TerminatedError);
      expect(error).toMatchObject({ ran: 'no' });
      expect(isRunning(first ?? 0)).toBe(false);
      expect(isRunning(journal.$where.pid ?? 0)).toBe(false);
    });

    test('by its signal, in each state', async () => {
      for (const isDown of [false, true]) {
        const controller = new AbortController();
        const restart = { ...quick, minDelay: 60_000, maxDelay: 60_000 };
        const journal = await procxy(Journal, module, { restart, signal: controller.signal });
        if (isDown) {
          kill(journal);
          await journal.$exited;
        }
        const waiting = isDown && outcome(journal.pid());
        controller.abort(new Error('enough'));
        if (waiting) expect(await waiting).toMatchObject({ name: 'TerminatedError', cause: { message: 'enough' } });
        await journal.$exited;
        expect(await outcome(journal.pid())).toMatchObject({ name: 'TerminatedError', ran: 'no' });
      }
    });
  });

  test('keeps the program running for a call that waits, and not without one', async () => {
    const start = `
      const { Journal } = await import('${new URL(module, import.meta.url).href}');
      const restart = { minDelay: 200, maxDelay: 200, onRestart() {} };
      const journal = await procxy(Journal, '${new URL(module, import.meta.url).href}', { restart });
      const timer = setTimeout(() => {}, 60_000);
      journal.$process.kill('SIGKILL');
      await journal.$exited;
      clearTimeout(timer);
    `;
    expect((await runScript(`${start} journal.run('waited').then(console.log);`)).stdout).toBe('waited\n');
    expect((await runScript(`${start} console.log('over');`)).stdout).toBe('over\n');
    const heard = `${start} journal.on('run', (id) => { console.log(id); process.exit(); }); setTimeout(() => journal.run('heard'), 300).unref();`;
    expect((await runScript(heard)).stdout).toBe('heard\n');
  });

  test('warns of each restart, unless there is an onRestart', async () => {
    const warnings: unknown[] = [];
    const listen = (warning: Error): unknown => warnings.push(warning);
    process.on('warning', listen);
    await using journal = await procxy(Journal, module, { restart: { minDelay: 10 } });
    kill(journal);
    await journal.$exited;
    await journal.pid();
    await until(() => warnings.length > 0, 'a warning');
    process.off('warning', listen);
    expect(warnings).toMatchObject([{ code: 'PROCXY_RESTARTED', message: /instance of Journal was made again/ }]);
  });
});
