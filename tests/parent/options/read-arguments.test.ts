import { describe, expect, test } from 'vitest';
import { OptionsValidationError } from '../../../src/errors.js';
import { readArguments } from '../../../src/parent/options/read-arguments.js';

const url = new URL('file:///app/worker.js');

describe('position decides what an argument after the class means', () => {
  test.each<[name: string, args: unknown[], module: unknown, timeout: number, constructorArgs: unknown[]]>([
    ['nothing', [], undefined, 30_000, []],
    ['a path', ['./worker.js'], './worker.js', 30_000, []],
    ['a URL', [url, { timeout: 5 }], url, 5, []],
    ['options first', [{ timeout: 5 }, 'a', { b: 1 }], undefined, 5, ['a', { b: 1 }]],
    ['a path, options and arguments', ['./worker.js', { timeout: 5 }, 'text', 2], './worker.js', 5, ['text', 2]],
    ['undefined for both', [undefined, undefined, 'text'], undefined, 30_000, ['text']],
    ['undefined for the options', ['./worker.js', undefined, 1], './worker.js', 30_000, [1]],
    ['an argument that can be neither', [5, 'text'], undefined, 30_000, [5, 'text']],
    ['an array', [[1], 2], undefined, 30_000, [[1], 2]],
    ['an instance', ['./worker.js', new Map()], './worker.js', 30_000, [new Map()]],
    ['an object without a prototype', [Object.assign(Object.create(null) as object, { timeout: 5 })], undefined, 5, []],
  ])('%s', (_name, args, module, timeout, constructorArgs) => {
    const { options, constructorArgs: rest } = readArguments(args);
    expect(options.modulePath).toBe(module);
    expect(options.timeout).toBe(timeout);
    expect(rest).toEqual(constructorArgs);
  });
});

test('a plain object that was meant for the constructor is refused with its right place', () => {
  expect(() => readArguments(['./worker.js', { port: 80 }])).toThrow(OptionsValidationError);
  expect(() => readArguments(['./worker.js', { port: 80 }])).toThrow(
    /`port`.*onstructor arguments go after the options/,
  );
});
