import { describe, expect, test } from 'vitest';
import { ChildCrashedError, ModuleResolutionError, OptionsValidationError, procxy, type ProcxyOptions } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { Unbuildable } from '../fixtures/unbuildable.js';
import { childPids, until } from '../support/processes.js';

const module = '../fixtures/calculator.js';
const call = procxy as (...args: unknown[]) => Promise<unknown>;

/** Returns the error of a start that must fail. */
async function failure(...args: unknown[]): Promise<Error> {
  return call(...args).then(
    () => expect.unreachable('it must reject'),
    (error: unknown) => error as Error,
  );
}

describe('bad input', () => {
  describe('the class', () => {
    for (const bad of [undefined, null, 'Calculator', {}, 42, () => {}, async () => {}]) {
      test(`${typeof bad} ${String(bad)} is not a class`, async () => {
        const error = await failure(bad, module);
        expect(error).toBeInstanceOf(OptionsValidationError);
        expect(error.message).toMatch(/first argument of procxy\(\) must be a class/);
      });
    }

    test('that the module does not export: the error names it, and the candidates', async () => {
      class Missing {}
      const error = await failure(Missing, '../fixtures/mortal.js');
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect(error.message).toMatch(
        /mortal\.js does not export the class Missing; it exports Mortal\. Export it there/,
      );
    });

    test('in a module without any class', async () => {
      const error = await failure(Calculator, '../fixtures/no-class.js');
      expect(error.message).toMatch(/exports no class, so the class Calculator was not found/);
    });

    test('with several candidates among the exports of the module', async () => {
      const Twin = class Twin {
        parent = true;
      };
      const error = await failure(Twin, '../fixtures/twins.js');
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect(error.message).toMatch(/several candidates for the class Twin: first, second/);
    });

    test('that was made by eval has no module', async () => {
      const Evaluated = new Function('return class Evaluated {}')() as new () => object;
      const error = await failure(Evaluated);
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect(error.message).toMatch(
        /module of the class Evaluated could not be found.*made by eval.*procxy\(Class, '\.\/module\.js'\)/,
      );
    });
  });

  describe('the module', () => {
    const cases: [name: string, path: unknown, sentence: RegExp][] = [
      ['that does not exist', './missing.js', /'\.\/missing\.js' does not exist \(.*relative to .*bad-input/],
      ['that does not exist, absolute', '/missing/worker.js', /'\/missing\/worker\.js' does not exist/],
      ['that does not exist, as a URL', new URL('file:///missing/worker.js'), /does not exist/],
      ['that is a folder', '../fixtures', /does not exist/],
      ['that is empty', '', /The module path is ''/],
      [
        'that is a package that is not installed',
        'no-such-package',
        /'no-such-package' could not be loaded.*Cannot find package/,
      ],
      ['that is on the web', 'https://localhost/worker.js', /cannot be imported in a child process/],
      ['that throws', '../fixtures/throws-when-loaded.js', /could not be loaded in the child process: not today/],
      [
        'that is no JavaScript',
        'data:text/javascript,export class Calculator {]',
        /could not be loaded in the child process: .*token/,
      ],
    ];
    for (const [name, path, sentence] of cases) {
      test(name, async () => {
        const error = await failure(Calculator, path);
        expect(error).toBeInstanceOf(ModuleResolutionError);
        expect(error.message).toMatch(sentence);
      });
    }

    test('keeps the cause of a failed import', async () => {
      const error = await failure(Calculator, '../fixtures/throws-when-loaded.js');
      expect(error.cause).toBeInstanceOf(RangeError);
    });

    test('is refused if it is given twice', async () => {
      const error = await failure(Calculator, module, { modulePath: './other.js' });
      expect(error.message).toMatch(/given twice: '.*calculator\.js' as an argument, '\.\/other\.js' as an option/);
    });

    test('that calls procxy() with its own class while it is loaded', async () => {
      const error = await failure(class Recursive {}, '../fixtures/recursive.js');
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect(error.message).toMatch(/still loading the module of Recursive.*Move the class to its own module/);
    });
  });

  describe('options', () => {
    const cases: [options: Record<string, unknown>, sentence: RegExp][] = [
      [{ timeOut: 5 }, /no option `timeOut`; did you mean `timeout`\?/],
      [{ port: 80, host: 'x' }, /no option `port`; .*Constructor arguments go after the options/],
      [
        { timeout: -1 },
        /`timeout` must be a number of milliseconds, 0 or more, but got -1\. Use 0 or Infinity for no limit\.$/,
      ],
      [{ timeout: NaN }, /`timeout` must be/],
      [{ timeout: '5s' }, /but got '5s'/],
      [{ startTimeout: null }, /`startTimeout` must be .*, but got null/],
      [{ terminateTimeout: Infinity }, /`terminateTimeout` must be a number of milliseconds from 0 to 2147483647/],
      [{ retries: 1.5 }, /`retries` must be a whole number/],
      [{ env: 'PATH=x' }, /`env` must be an object, but got 'PATH=x'/],
      [{ env: { PORT: 80 } }, /`env\.PORT` must be a string, but got 80/],
      [{ cwd: 5 }, /`cwd` must be a path or a file: URL/],
      [{ onTimeout: 'kill' }, /`onTimeout` must be 'keep' or 'terminate', but got 'kill'\. Use 'terminate' to kill/],
      [{ windowsHide: 'yes' }, /`windowsHide` must be true or false, but got 'yes'/],
      [{ killSignal: 'SIGFOO' }, /`killSignal` must be the name or number of a signal, but got 'SIGFOO'\. For example/],
      [{ killSignal: 'sigterm' }, /but got 'sigterm'/],
      [{ killSignal: 0 }, /but got 0/],
      [{ killSignal: 4000 }, /but got 4000/],
      [{ killSignal: 'constructor' }, /but got 'constructor'/],
      [{ args: 'x' }, /`args` must be an array/],
      [{ args: ['x', () => {}] }, /`args\[1\]` must be a value that JSON can express, but got a function/],
      [{ args: [1n] }, /`args\[0\]` must be .*, but got 1n/],
      [{ execPath: '' }, /`execPath` must be the path of an executable/],
      [{ execArgv: ['--flag', 5] }, /`execArgv\[1\]` must be a string, but got 5/],
      [{ stdio: 5 }, /`stdio` must be/],
      [{ signal: {} }, /`signal` must be an AbortSignal/],
      [{ modulePath: 5 }, /`modulePath` must be a path/],
    ];
    for (const [options, sentence] of cases) {
      test(
        JSON.stringify(options, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)),
        async () => {
          const error = await failure(Calculator, module, options);
          expect(error).toBeInstanceOf(OptionsValidationError);
          expect(error.message).toMatch(sentence);
        },
      );
    }

    test('of $with', async () => {
      await using calculator = await procxy(Calculator, module);
      await expect(calculator.$with({ retries: 5 } as ProcxyOptions).add(1, 2)).rejects.toThrow(/no option `retries`/);
      await expect(calculator.$with(undefined as never).add(1, 2)).rejects.toThrow(OptionsValidationError);
      await expect(calculator.$with({ timeout: -5 }).add(1, 2)).rejects.toThrow(/`timeout` must be/);
      await expect(calculator.$get(5 as never)).rejects.toThrow(/\$get\(\) needs the name of a property/);
    });

    test('an executable that does not exist cannot be started', async () => {
      const error = await failure(Calculator, module, { execPath: '/no/such/node' });
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error.message).toMatch(/could not be started: spawn .* ENOENT\. Check `execPath`, `cwd`/);
      expect(error.cause).toMatchObject({ code: 'ENOENT' });
    });

    test('flags that Node does not know end the child immediately', async () => {
      const error = await failure(Calculator, module, { execArgv: ['--no-such-flag'], stdio: 'pipe' });
      expect(error).toMatchObject({ name: 'ChildCrashedError', exitCode: 9 });
      expect((error as ChildCrashedError).stderr).toContain('--no-such-flag');
    });
  });

  describe('the constructor', () => {
    test('that throws rejects with its error', async () => {
      const error = await failure(Unbuildable, '../fixtures/unbuildable.js', {}, 'throw');
      expect(error).toBeInstanceOf(TypeError);
      expect(error).toMatchObject({ message: 'cannot be built', code: 'E_BUILD' });
      expect(error.stack).toContain('unbuildable.js');
    });

    test('whose arguments cannot cross', async () => {
      const error = await failure(Calculator, module, {}, 0, { deep: new Map() });
      expect(error).toMatchObject({ name: 'SerializationError', path: 'args[1].deep' });
      expect(error.message).toMatch(/^constructor\(\): args\[1\]\.deep is a Map/);
    });

    test('that never ends is a TimeoutError', async () => {
      const error = await failure(Unbuildable, '../fixtures/unbuildable.js', { startTimeout: 4000 }, 'loop');
      expect(error).toMatchObject({ name: 'TimeoutError', method: 'constructor', timeoutMs: 4000 });
      expect(error.message).toContain('startTimeout');
    });

    test('shares startTimeout with the import of its module', async () => {
      // Neither takes too long on its own.
      const code = `await new Promise((resolve) => setTimeout(resolve, 3000));
        export class Slow { constructor() { for (const end = Date.now() + 5500; Date.now() < end; ); } }`;
      const url = `data:text/javascript,${encodeURIComponent(code)}`;
      class Slow {}
      const error = await failure(Slow, url, { startTimeout: 6000 });
      expect(error).toMatchObject({ name: 'TimeoutError', method: 'constructor', timeoutMs: 6000 });
    });

    test('that ends the process is a ChildCrashedError', async () => {
      const error = await failure(Unbuildable, '../fixtures/unbuildable.js', {}, 'exit');
      expect(error).toMatchObject({ name: 'ChildCrashedError', exitCode: 5 });
    });
  });

  test('a start that failed leaves no process', async () => {
    await failure(Calculator, './missing.js');
    await failure(Unbuildable, '../fixtures/unbuildable.js', {}, 'throw');
    await until(() => childPids().length === 0, 'all are gone');
  });
});
