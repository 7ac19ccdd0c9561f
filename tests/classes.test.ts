import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type Class, isConstructor, nameOf, shapeOf, sourceOf } from '../src/classes.js';

const text = '(class Derived extends (class Base { b() {} }) { static s = 1; a() {} })';
const make = (): Class => runInNewContext(text) as Class;
class Base {
  b(): void {}
}
class Derived extends Base {
  static s = 1;
  a(): void {}
}

describe('the shape of a class', () => {
  test('is the same in another realm, as under Jest', () => {
    expect(shapeOf(make())).toBe(shapeOf(Derived));
    expect(shapeOf(runInNewContext('(class { b() {} })') as Class)).toBe(shapeOf(Base));
  });

  test('has the names of members and of base classes, and no others', () => {
    const Other = {
      Derived: class extends class Else {} {
        static s = 1;
        a(): void {}
      },
    }.Derived;
    expect(shapeOf(Other)).not.toBe(shapeOf(Derived));
    expect(shapeOf(Base)).not.toBe(shapeOf(Derived));
  });
});

test('every function that `new` accepts is a constructor, in every realm', () => {
  for (const value of [Base, make(), new Proxy(Base, {}), Base.bind(null)]) expect(isConstructor(value)).toBe(true);
  for (const value of [() => 1, runInNewContext('Function.prototype'), {}, 'Base', null]) {
    expect(isConstructor(value)).toBe(false);
  }
});

test('a class of another realm has its own name and text', () => {
  expect(nameOf(make())).toBe('Derived');
  expect(sourceOf(make())).toBe(text.slice(1, -1));
});
