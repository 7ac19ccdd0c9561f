import { expect, test } from 'vitest';
import { isSync, sync, syncOf } from '../../src/codec/sync-mark.js';

test('a marked function is called like the original, and is described like it', () => {
  function scale(this: { factor: number }, value: number): number {
    return value * this.factor;
  }
  const marked = sync(scale as (value: number) => number) as unknown as typeof scale;
  expect(Reflect.apply(marked, { factor: 3 }, [2])).toBe(6);
  expect([marked.name, marked.length]).toEqual(['scale', 1]);
  expect(isSync(marked)).toBe(true);
  expect(isSync(scale)).toBe(false);
});

test('a function has one marked form, and marking that again returns it', () => {
  const fn = (): number => 1;
  const marked = sync(fn);
  expect(sync(fn)).toBe(marked);
  expect(sync(marked as never)).toBe(marked);
  expect(syncOf(fn)).toBe(marked);
  expect(syncOf(() => 1)).toBeUndefined();
});

test('the mark is known to another copy of this library in the process', async () => {
  const specifier = '../../src/codec/sync-mark.js?another-copy';
  const copy = (await import(/* @vite-ignore */ specifier)) as typeof import('../../src/codec/sync-mark.js');
  expect(copy.sync).not.toBe(sync);
  const marked = sync(() => 1);
  expect(copy.isSync(marked)).toBe(true);
  expect(copy.sync(marked as never)).toBe(marked);
});

test.each([undefined, null, 5, {}, 'fn'])('%j cannot be marked', (value) => {
  expect(() => sync(value as never)).toThrow(TypeError);
  expect(() => sync(value as never)).toThrow(/^sync\(\).*a function/);
});
