import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { procxy, PropertyError, type Procxy } from 'procxy';
import { Counted, Dictionary, Frozen, Model } from '../fixtures/model.js';

const module = '../fixtures/model.js';
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const read = (target: object, name: string): unknown => Reflect.get(target, name) as unknown;

describe('properties mirror', () => {
  let model: Procxy<Model>;
  beforeEach(async () => {
    model = await procxy(Model, module);
  });
  afterEach(() => model.$terminate());

  test('they exist when the proxy does', () => {
    expect([model.count, model.list, model.nested, model.nothing]).toEqual([0, [1], { deep: { value: 1 } }, undefined]);
    expect('nothing' in model).toBe(true);
    expect('absent' in model).toBe(false);
    expect(read(model, 'absent')).toBeUndefined();
  });

  test('they are up to date after every call, and changes inside an object soon after', async () => {
    for (let n = 1; n < 5; n++) {
      await model.increment();
      expect(model.count).toBe(n);
      await expect.poll(() => [model.list.length, model.nested.deep.value]).toEqual([n + 1, n]);
    }
  });

  test('they are up to date even if the call fails', async () => {
    await expect(model.throwAfterChange()).rejects.toThrow('changed');
    expect(model.count).toBe(-1);
  });

  test('they are updated while a call runs', async () => {
    const running = model.steps(8, 100);
    const seen = new Set<number>();
    const timer = setInterval(() => seen.add(model.count), 10);
    await running;
    clearInterval(timer);
    expect(seen.size).toBeGreaterThan(3);
    expect(model.count).toBe(8);
  });

  test('a later change arrives with the next message, or on request', async () => {
    await model.later(400);
    await sleep(800);
    expect(model.count).not.toBe(100);
    await model.$refresh();
    expect(model.count).toBe(100);
  });

  test('they travel only when they have changed', async () => {
    const updates: unknown[] = [];
    model.$process.on('message', (message: { type?: string }) => {
      if (message.type === 'property-update') updates.push(message);
    });
    for (let i = 0; i < 10; i++) await model.nothingAtAll();
    expect(updates).toEqual([]);
    await model.increment();
    const set = [
      ['count', 1],
      ['list', [1, 1]],
    ];
    expect(updates).toEqual([{ type: 'property-update', set }]);
  });

  test('new properties appear, and removed ones disappear', async () => {
    await model.addProperty();
    expect(read(model, 'added')).toBe('new');
    await model.removeProperty();
    expect('count' in model).toBe(false);
    expect(model.count).toBeUndefined();
  });

  test('reading a property that is not mirrored throws an error with the reason and the remedy, and never fails a call', async () => {
    const cases: [name: string, sentence: RegExp][] = [
      ['reads', /reads is not mirrored: it is a getter, which runs only if `mirror` names it.*\$get\('reads'\)/],
      ['map', /map is a Map, which JSON cannot express/],
      ['big', /exceed the limit of 16384 bytes, which `mirrorLimit` sets/],
    ];
    for (const [name, sentence] of cases) {
      expect(() => read(model, name)).toThrow(PropertyError);
      expect(() => read(model, name)).toThrow(sentence);
      expect(name in model).toBe(true);
      expect(Object.keys(model)).not.toContain(name);
    }
    expect(await model.increment()).toBe(1);
  });

  test('getters run only on request', async () => {
    expect(await model.readCount()).toBe(0);
    expect(await model.$get('reads')).toBe(1);
    await expect(model.$get('broken')).rejects.toThrow('do not read me');
    expect(read(model, '_internal')).toBeUndefined();
    expect(await model.$get('_internal')).toBe('kept to itself');
  });

  test('mirror: names, getters included', async () => {
    await using named = await procxy(Model, module, { mirror: ['reads', 'broken', 'count'] });
    const first = named.reads;
    await named.increment();
    expect(named.reads).toBeGreaterThan(first);
    expect(named.count).toBe(1);
    expect(() => read(named, 'list')).toThrow(/the option `mirror` leaves it out/);
    expect(() => read(named, 'broken')).toThrow(/its getter threw \(do not read me\)/);
  });

  test('mirror: false', async () => {
    await using none = await procxy(Model, module, { mirror: false });
    expect(() => read(none, 'count')).toThrow(/the option `mirror` leaves it out/);
    expect(await none.$get('count')).toBe(0);
  });

  test('mirrorLimit, and a property that shrinks below it', async () => {
    await using generous = await procxy(Model, module, { mirrorLimit: 10_000_000 });
    expect(generous.big).toHaveLength(100_000);
    await model.shrink();
    expect(model.big).toEqual([0, 1, 2]);
  });

  test('they cannot be changed here', () => {
    expect(() => Reflect.set(model, 'count', 5)).toThrow(/count cannot be set on the proxy.*Give Model a method/);
    expect(() => (model.list as number[]).push(1)).toThrow(TypeError);
    expect(() => Object.assign(model.nested.deep, { value: 2 })).toThrow(TypeError);
  });

  test('keys, spread, JSON and inspect see the readable properties', () => {
    const expected = { count: 0, list: [1], nested: { deep: { value: 1 } }, nothing: undefined };
    expect(Object.keys(model)).toEqual(Object.keys(expected));
    expect({ ...model }).toEqual(expected);
    expect(JSON.parse(JSON.stringify(model))).toEqual(JSON.parse(JSON.stringify(expected)));
    expect(inspect(model)).toContain('count: 0');
    expect(Object.getOwnPropertyDescriptor(model, 'count')).toMatchObject({ value: 0, writable: false });
  });

  test('they keep their last values when the child has ended', async () => {
    await model.increment();
    await model.$terminate();
    expect(model.count).toBe(1);
  });

  test('a frozen instance is safe', async () => {
    await using frozen = await procxy(Frozen, module);
    expect(frozen.value).toEqual({ a: [1] });
    expect(await frozen.read()).toBe(1);
  });

  test('a large array does not slow calls down', async () => {
    await using counted = await procxy(Counted, module, undefined, 1_000_000);
    const before = await counted.reads();
    for (let i = 0; i < 100; i++) await counted.call();
    expect(before).toBeLessThan(20_000);
    expect(await counted.reads()).toBe(before);
  });

  test('the keys of an instance that is a dictionary are not listed', async () => {
    await using dictionary = await procxy(Dictionary, module);
    expect(await dictionary.size()).toBe(5000);
    expect(Object.keys(dictionary)).toEqual([]);
  });
});
