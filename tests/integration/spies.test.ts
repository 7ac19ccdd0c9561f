import { procxy, PropertyError } from 'procxy';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Calculator } from '../fixtures/calculator.js';

async function start() {
  return procxy(Calculator, '../fixtures/calculator.js');
}

describe('a spy on a method of a proxy', () => {
  let calculator: Awaited<ReturnType<typeof start>>;
  let original: typeof calculator.add;

  beforeAll(async () => {
    calculator = await start();
    original = calculator.add;
  });
  beforeEach(() => void vi.restoreAllMocks());
  afterAll(() => calculator.$terminate());

  test('sees the calls, which run in the child', async () => {
    const spy = vi.spyOn(calculator, 'add');
    expect(await calculator.add(1, 2)).toBe(3);
    expect(spy).toHaveBeenCalledExactlyOnceWith(1, 2);
    await expect(spy.mock.results[0]?.value).resolves.toBe(3);
  });

  test('can replace the calls', async () => {
    vi.spyOn(calculator, 'add').mockResolvedValue(42);
    expect(await calculator.add(1, 2)).toBe(42);
    expect(await calculator.$with({ timeout: 1000 }).add(1, 2)).toBe(3);
  });

  test('is removed', async () => {
    const spy = vi.spyOn(calculator, 'add').mockResolvedValue(42);
    spy.mockRestore();
    expect(calculator.add).toBe(original);
    expect(await calculator.add(1, 2)).toBe(3);
  });

  // Jest assigns the spy, and assigns or deletes it to restore the method.
  test('may be assigned and deleted', async () => {
    const { add } = calculator;
    expect(Reflect.set(calculator, 'add', () => Promise.resolve(7))).toBe(true);
    expect(await calculator.add(1, 2)).toBe(7);
    Reflect.set(calculator, 'add', () => Promise.resolve(8));
    expect(Reflect.deleteProperty(calculator, 'add')).toBe(true);
    expect(calculator.add).toBe(add);
    expect(() => Reflect.deleteProperty(calculator, 'add')).toThrow(PropertyError);
  });

  test.each([
    ['a method by a value', 'add', 1],
    ['a member of the proxy', '$terminate', () => {}],
    ['a property', 'value', () => {}],
    ['a name that the class does not have', 'divide', () => {}],
  ])('cannot replace %s', (_what, name, value) => {
    expect(() => Reflect.set(calculator, name, value)).toThrow(PropertyError);
    expect(() => Reflect.defineProperty(calculator, name, { value })).toThrow(PropertyError);
  });
});
