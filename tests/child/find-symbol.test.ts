import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { findSymbol } from '../../src/child/find-symbol.js';
import { PropertyError } from '../../src/errors.js';

class Base {
  static readonly inherited = Symbol('inherited');
  static readonly overridden = Symbol('own');
}
class Example extends Base {
  static readonly own = Symbol('static');
}
const exported = Symbol('exported');
const inDefault = Symbol('in default');
const namespace = { exported, default: { inDefault }, data: { hidden: Symbol('hidden') } };

describe('a symbol is found by its description', () => {
  test.each([
    ['one of the language', 'Symbol.asyncIterator', Symbol.asyncIterator],
    ["one of Node's emitters", EventEmitter.errorMonitor.description, EventEmitter.errorMonitor],
    ['a static field of the class', 'static', Example.own],
    ['one of an ancestor', 'inherited', Base.inherited],
    ['an export of the module', 'exported', exported],
    ['one that a transpiler put under `default`', 'in default', inDefault],
  ])('%s', (_name, description, symbol) => {
    expect(findSymbol(String(description), Example, namespace)).toBe(symbol);
  });

  test('a symbol that is found in two places is not ambiguous', () => {
    expect(findSymbol('static', Example, { again: Example.own })).toBe(Example.own);
  });
});

describe('an error says why not', () => {
  test('if there is no such symbol', () => {
    for (const description of ['hidden', 'nowhere', '']) {
      expect(() => findSymbol(description, Example, namespace)).toThrow(PropertyError);
      expect(() => findSymbol(description, Example, namespace)).toThrow(`Symbol('${description}')`);
    }
  });

  test('if several have that description', () => {
    expect(() => findSymbol('exported', Example, { exported, other: Symbol('exported') })).toThrow(/More than one/);
  });
});

test('no getter is run', () => {
  const trap = {
    get exported(): never {
      throw new Error('A getter was run.');
    },
    real: exported,
  };
  expect(findSymbol('exported', Example, trap)).toBe(exported);
});
