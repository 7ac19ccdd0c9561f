import { describe, expect, test } from 'vitest';
import { isWithin, measure } from '../../src/child/size.js';

describe('the size of a value', () => {
  test.each<[string, unknown]>([
    ['text', 'some text'],
    ['a list', [1, 'two', { three: null }]],
    ['an object', { a: { b: { c: ['d'] } }, e: true }],
  ])('is near that of its JSON: %s', (_name, value) => {
    const { bytes } = measure(value, 1e6);
    const { length } = JSON.stringify(value);
    expect(bytes).toBeGreaterThan(length / 2);
    expect(bytes).toBeLessThan(length * 2 + 10);
  });

  test('of a huge array or string is found without reading all of it', () => {
    let reads = 0;
    const array: unknown[] = Array.from({ length: 1000 });
    Object.defineProperty(array, 0, { get: () => reads++ });
    expect(isWithin(array, 100)).toBe(false);
    expect(isWithin('x'.repeat(1000), 100)).toBe(false);
    expect(reads).toBe(0);
  });

  test('of cycles, back references and shared parts is finite', () => {
    const owner: Record<string, unknown> = { name: 'owner' };
    owner['part'] = { owner, list: [owner] };
    expect(isWithin(owner, 200)).toBe(true);
    expect(measure({ owner }, 1000, owner).bytes).toBeLessThan(20);
  });

  test('of a value that is nested too deep is too large, without a stack overflow', () => {
    let value: unknown = 0;
    for (let depth = 0; depth < 100_000; depth++) value = [value];
    expect(isWithin(value, 1e9)).toBe(false);
  });

  test('is found without running an accessor, inherited ones included, or a Proxy', () => {
    const run = (): never => {
      throw new Error('must not be run');
    };
    class Base {
      get inherited(): unknown {
        return run();
      }
    }
    expect(measure({ a: new Base() }, 1000).code).toBeUndefined();
    const own = Object.defineProperty({}, 'total', { get: run, enumerable: true });
    expect(measure({ deep: [own] }, 1000).code).toBe('total is an accessor');
    const proxy = new Proxy({}, { ownKeys: run, get: run, getOwnPropertyDescriptor: run });
    expect(measure({ state: proxy }, 1000).code).toBe('state is a Proxy');
  });

  test.each<[string, unknown]>([
    ['bytes', { data: new Uint8Array(5000) }],
    ['a Map', new Map([['key', 'x'.repeat(5000)]])],
    ['a Set', new Set(['x'.repeat(5000)])],
  ])('counts the content of %s', (_name, value) => {
    expect(isWithin(value, 4000)).toBe(false);
    expect(isWithin(value, 6000)).toBe(true);
  });
});
