import { EventEmitter } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type Procxy } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { Mortal } from '../fixtures/mortal.js';

const here = new URL('../fixtures/calculator.js', import.meta.url);

describe('calling', () => {
  let calculator: Procxy<Calculator>;
  beforeAll(async () => {
    calculator = await procxy(Calculator, '../fixtures/calculator.js', {}, 40);
  });
  afterAll(() => calculator.$terminate());

  test('a method runs in the child and its result comes back', async () => {
    expect(await calculator.add(1, 2)).toBe(3);
    expect(calculator.$where.pid).not.toBe(process.pid);
  });

  test('asynchronous methods are awaited in the child', async () => {
    expect(await calculator.addSlowly(1, 2, 10)).toBe(3);
  });

  test('calls run concurrently', async () => {
    const finished: string[] = [];
    const slow = calculator.addSlowly(1, 1, 200).then(() => finished.push('slow'));
    const fast = calculator.add(1, 1).then(() => finished.push('fast'));
    await Promise.all([slow, fast]);
    expect(finished).toEqual(['fast', 'slow']);
  });

  test('private fields work, and a method that returns this resolves to the proxy', async () => {
    expect(await calculator.store(7)).toBe(calculator);
    expect(await calculator.recall()).toBe(7);
  });

  test('a proxy that is passed arrives as the instance', async () => {
    expect(await calculator.echo(calculator)).toBe(calculator);
    expect(await calculator.echo({ deep: [calculator] })).toEqual({ deep: [calculator] });
  });

  test('a proxy of another child is refused', async () => {
    await using other = await procxy(Calculator);
    await expect(calculator.echo({ other })).rejects.toThrow(/args\[0\]\.other is a proxy of an instance in another/);
  });

  test('the number of arguments is kept', async () => {
    expect(await calculator.count()).toBe(0);
    expect(await calculator.count(undefined)).toBe(1);
    expect(await calculator.count(1, undefined, undefined)).toBe(3);
  });

  test('a large value crosses in one piece', async () => {
    const large = { rows: Array.from({ length: 100_000 }, (_, id) => ({ id, name: `row ${id} – ü` })) };
    expect(await calculator.echo(large)).toEqual(large);
  });

  test('10,000 concurrent calls all get their own results', async () => {
    const results = await Promise.all(Array.from({ length: 10_000 }, (_, i) => calculator.add(i, i)));
    expect(results).toEqual(Array.from({ length: 10_000 }, (_, i) => 2 * i));
  });

  test('$get reads a getter in the child', async () => {
    await calculator.store(5);
    expect(await calculator.$get('memory')).toBe(5);
    expect(await calculator.$get('nothing')).toBeUndefined();
    await expect(calculator.$get('add')).rejects.toMatchObject({ code: 'PROCXY_PROPERTY' });
    await expect(calculator.$get('__proto__')).rejects.toMatchObject({ code: 'PROCXY_PROPERTY' });
  });

  test('$stats counts what is open on both sides', async () => {
    const nothing = {
      pendingCalls: 0,
      servedCalls: 0,
      exportedFunctions: 0,
      importedFunctions: 0,
      exportedReferences: 0,
      importedReferences: 0,
      exportedClasses: {},
      importedClasses: {},
      openStreams: 0,
      subscriptions: 0,
    };
    expect(await calculator.$stats()).toEqual({ parent: nothing, child: nothing });
    const slow = calculator.addSlowly(1, 1, 2500);
    expect(await calculator.$stats()).toMatchObject({ parent: { pendingCalls: 1 }, child: { servedCalls: 1 } });
    await slow;
  });

  test('$with changes the options of single calls', async () => {
    const impatient = calculator.$with({ timeout: 50 });
    await expect(impatient.addSlowly(1, 1, 2500)).rejects.toMatchObject({ name: 'TimeoutError', timeoutMs: 50 });
    expect(await calculator.addSlowly(1, 1, 100)).toBe(2);
    expect(await impatient.$with({ timeout: 0 }).addSlowly(1, 1, 100)).toBe(2);
  });

  test('$with a signal rejects a call immediately with its reason, and does not affect others', async () => {
    const controller = new AbortController();
    const call = calculator.$with({ signal: controller.signal }).addSlowly(1, 1, 10_000);
    const neighbour = calculator.addSlowly(2, 2, 50);
    controller.abort(new Error('changed my mind'));
    await expect(call).rejects.toThrow('changed my mind');
    expect(await neighbour).toBe(4);
    await expect(calculator.$with({ signal: controller.signal }).add(1, 1)).rejects.toThrow('changed my mind');
  });
});

describe('the shapes of procxy()', () => {
  const shapes: Record<string, () => Promise<Procxy<Calculator>>> = {
    'class alone': () => procxy(Calculator),
    'class and constructor arguments': () => procxy(Calculator, 40),
    'class, options': () => procxy(Calculator, { timeout: 1000 }, 40),
    'class, undefined options': () => procxy(Calculator, undefined, undefined, 40),
    'relative path': () => procxy(Calculator, '../fixtures/calculator.js', {}, 40),
    'absolute path': () => procxy(Calculator, fileURLToPath(here), {}, 40),
    'file: URL as text': () => procxy(Calculator, here.href, {}, 40),
    'URL object': () => procxy(Calculator, here, undefined, 40),
    'path, then constructor arguments': () => procxy(Calculator, '../fixtures/calculator.js', undefined, 40),
    'path as an option': () => procxy(Calculator, { modulePath: '../fixtures/calculator.js' }, 40),
    'path without its extension, as require has it': () => procxy(Calculator, '../fixtures/calculator', {}, 40),
  };

  for (const [name, make] of Object.entries(shapes)) {
    test(name, async () => {
      await using calculator = await make();
      expect(await calculator.recall()).toBe(name === 'class alone' ? 0 : 40);
    });
  }

  test('a class of Node itself', async () => {
    await using emitter = await procxy(EventEmitter, 'node:events');
    expect(await emitter.getMaxListeners()).toBe(10);
  });

  test('a relative path is relative to the calling file, whatever the working directory', async () => {
    const before = process.cwd();
    process.chdir('/');
    try {
      await using calculator = await procxy(Calculator, '../fixtures/calculator.js');
      expect(await calculator.add(1, 1)).toBe(2);
    } finally {
      process.chdir(before);
    }
  });

  test('with a URL that has a query', async () => {
    await using mortal = await procxy(Mortal, `${new URL('../fixtures/mortal.js', import.meta.url).href}?v=1`);
    expect(await mortal.ping()).toBe('pong');
  });
});
