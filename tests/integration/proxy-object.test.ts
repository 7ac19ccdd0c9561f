import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isProcxy, procxy, PropertyError, type Procxy } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { Hiding, Odd, Thenable } from '../fixtures/odd.js';

let calculator: Procxy<Calculator>;
beforeAll(async () => {
  calculator = await procxy(Calculator, '../fixtures/calculator.js');
});
afterAll(() => calculator.$terminate());

test('it counts as an instance of its class', () => {
  expect(calculator).toBeInstanceOf(Calculator);
  expect(Object.getPrototypeOf(calculator)).toBe(Calculator.prototype);
  expect(calculator.constructor).toBe(Calculator);
});

test('isProcxy tells proxies from everything else', () => {
  expect(isProcxy(calculator)).toBe(true);
  expect(isProcxy(calculator.$with({}))).toBe(true);
  for (const other of [null, undefined, {}, new Calculator(), new Proxy({}, {}), () => {}])
    expect(isProcxy(other)).toBe(false);
});

test('isProcxy knows the proxies of another copy of this library', async () => {
  const { isProcxy: ofCommonJs } = createRequire(import.meta.url)('procxy') as { isProcxy: typeof isProcxy };
  expect(ofCommonJs).not.toBe(isProcxy);
  expect(ofCommonJs(calculator)).toBe(true);
  expect(ofCommonJs({})).toBe(false);
});

test('a method that is hidden by a member of the proxy causes a warning, once per class', async () => {
  const warnings: Error[] = [];
  const hear = (warning: Error): number => warnings.push(warning);
  process.on('warning', hear);
  await using hiding = await procxy(Hiding, '../fixtures/odd.js');
  await using again = await procxy(Hiding, '../fixtures/odd.js');
  await new Promise((resolve) => setTimeout(resolve, 10));
  process.off('warning', hear);
  expect(warnings.map(({ message }) => message)).toEqual([
    expect.stringMatching(/Hiding has methods that are hidden .*: \$stats\(\)/),
  ]);
  expect(await again.$stats()).toHaveProperty('child');
  expect(await hiding.own()).toBe('own');
});

test('`in` knows methods and the proxy’s own members', () => {
  expect('add' in calculator).toBe(true);
  expect('$terminate' in calculator).toBe(true);
  expect('nothing' in calculator).toBe(false);
});

test('it can be awaited, since it has no method `then`', async () => {
  expect(Reflect.get(calculator, 'then')).toBeUndefined();
  expect(await calculator).toBe(calculator);
});

test('an instance that is itself thenable is not awaited', async () => {
  await using thenable = await procxy(Thenable, '../fixtures/odd.js');
  expect(await thenable.touched()).toBe(0);
});

test('util.inspect shows what it is', () => {
  expect(inspect(calculator)).toMatch(/^Procxy<Calculator> \(running, pid \d+\) \{\}$/);
});

test('implicit reads call nothing', async () => {
  const odd = await procxy(Odd, '../fixtures/odd.js');
  JSON.stringify(odd);
  inspect(odd, { showHidden: true, showProxy: true });
  expect(odd).not.toEqual({ something: 'else' });
  expect(String(calculator)).toBe('[object Procxy]');
  expect(await odd.calls()).toEqual([]);
  await odd.$terminate();
});

test('methods of every origin can be called', async () => {
  await using odd = await procxy(Odd, '../fixtures/odd.js');
  expect(await odd.inherited()).toBe('inherited');
  expect(await odd.arrow()).toBe('arrow of odd');
  expect(await odd.valueOf()).toBe('overridden');
  expect(Reflect.get(odd, 'missing')).toBeUndefined();
});

test('a method is one function, with its name', () => {
  expect(calculator.add).toBe(calculator.add);
  expect(calculator.add.name).toBe('add');
});

test('it cannot be changed', () => {
  expect(() => Reflect.set(calculator, 'add', 1)).toThrow(PropertyError);
  expect(() => Reflect.defineProperty(calculator, 'x', { value: 1 })).toThrow(/x cannot be defined on the proxy/);
  expect(() => Reflect.deleteProperty(calculator, 'add')).toThrow(PropertyError);
  expect(() => Object.setPrototypeOf(calculator, null)).toThrow(TypeError);
  expect(() => Object.freeze(calculator)).toThrow(TypeError);
});
