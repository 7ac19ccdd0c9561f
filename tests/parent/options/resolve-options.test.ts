import { describe, expect, test } from 'vitest';
import { OptionsValidationError } from '../../../src/errors.js';
import { resolveOptions } from '../../../src/parent/options/resolve-options.js';

const resolve = (given: object, module?: string | URL): ReturnType<typeof resolveOptions> =>
  resolveOptions(given, module);

describe('the options', () => {
  test('have every default filled in, and undefined means the default', () => {
    const defaults = resolve({});
    expect(defaults).toMatchObject({
      serialization: 'json',
      timeout: 30_000,
      retries: 0,
      runtime: 'node',
      channel: 'ipc',
    });
    expect(defaults.callbacks).toBeUndefined();
    expect(resolve({ timeout: undefined, serialization: undefined })).toEqual(defaults);
  });

  test('say how functions cross, if they cross', () => {
    expect(resolve({ enableCallbacks: true, callbackTimeout: 0 }).callbacks).toEqual({
      limit: 1000,
      timeout: Infinity,
    });
    expect(resolve({ maxCallbacks: 5 }).callbacks).toBeUndefined();
  });

  test.each<[unknown, unknown]>([
    [true, 'own'],
    [false, 'none'],
    [['size'], ['size']],
  ])('mirror: %j asks the child for %j', (mirror, names) => {
    expect(resolve({ mirror, mirrorLimit: 5 }).mirrorRequest).toEqual({ names, limit: 5 });
  });

  test('keep the array of names that they were given', () => {
    const mirror = ['size'];
    const { mirrorRequest } = resolve({ mirror });
    mirror.push('later');
    expect(mirrorRequest.names).toEqual(['size']);
  });

  test('may name the module, in either place or in both alike', () => {
    expect(resolve({ modulePath: './a.js' }).modulePath).toBe('./a.js');
    expect(resolve({ modulePath: './a.js' }, './a.js').modulePath).toBe('./a.js');
    expect(resolve({}, './a.js').modulePath).toBe('./a.js');
  });
});

describe('an error says what was wrong and what to do', () => {
  test.each<[name: string, given: object, module: string | undefined, says: RegExp]>([
    ['an unknown option', { timeuot: 5 }, undefined, /`timeuot`.*did you mean `timeout`/],
    ['one of Object.prototype', { constructor: 5 }, undefined, /`constructor`/],
    ['a wrong value', { timeout: '5s' }, undefined, /`timeout` must be .*, but got '5s'.*Use 0 or Infinity/],
    ['two modules', { modulePath: './a.js' }, './b.js', /'\.\/b\.js' as an argument, '\.\/a\.js' as an option/],
    ['a module and an agent', { agent: './a.py' }, './a.js', /agent/],
    ['an option of the other mode', { sanitizeV8: true }, undefined, /sanitizeV8.*advanced/],
    [
      'a heartbeat that cannot be',
      { heartbeat: { interval: 100, limit: 150 } },
      undefined,
      /twice `heartbeat\.interval`/,
    ],
  ])('%s', (_name, given, module, says) => {
    expect(() => resolve(given, module)).toThrow(OptionsValidationError);
    expect(() => resolve(given, module)).toThrow(says);
  });
});
