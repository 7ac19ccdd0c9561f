import { describe, expect, test } from 'vitest';
import { Instance } from '../../src/child/instance.js';
import { createCodec } from '../../src/codec/create-codec.js';

class Base {
  inherited(): string {
    return 'inherited';
  }
}

class Example extends Base {
  #secret = 'kept';
  field = (): string => 'field';
  data = 1;
  reads = 0;

  method(): string {
    return this.#secret;
  }

  get computed(): () => string {
    this.reads++;
    return () => 'from a getter';
  }

  override toString(): string {
    return 'overridden';
  }
}

function make(object: object): Instance {
  const codec = createCodec({ mode: 'json', self: { current: object } });
  return new Instance({
    object,
    type: Object,
    namespace: {},
    mirror: { names: 'own', limit: 1000 },
    codec,
    propertyCodec: codec,
    fingerprint: JSON.stringify,
    session: {
      sendValue: () => {},
      flush: () => {},
      servedCalls: 0,
    },
  });
}

describe('Instance', () => {
  test('reads getters, even those that return a function, but not methods', () => {
    const instance = make(new Example());
    expect((instance.get('computed') as () => string)()).toBe('from a getter');
    expect(() => instance.get('method')).toThrow(/is a method of the instance/);
    expect(() => instance.get('field')).toThrow(/is a method of the instance/);
  });

  test('describes own, inherited and overridden methods, but not those of every object', () => {
    const example = new Example();
    const { methods, disposable } = make(example).describe();
    expect(methods.toSorted()).toEqual(['field', 'inherited', 'method', 'toString']);
    expect(disposable).toBe(false);
    expect(example.reads).toBe(0);
  });

  test('an own property hides an inherited method of that name', () => {
    class Hiding extends Example {
      override inherited = 5 as never;
    }
    expect(make(new Hiding()).describe().methods).not.toContain('inherited');
  });

  test('calls methods on the real object', () => {
    const instance = make(new Example());
    expect(instance.call('method', [])).toBe('kept');
    expect(instance.call('field', [])).toBe('field');
  });

  for (const name of [
    'constructor',
    '__proto__',
    'hasOwnProperty',
    'isPrototypeOf',
    '__defineGetter__',
    'data',
    'missing',
    '',
  ]) {
    test(`does not call ${name || 'an empty name'}`, () => {
      expect(() => make(new Example()).call(name, [])).toThrow(/is not a method of the instance/);
    });
  }

  test('works for an object without a prototype', () => {
    const bare = Object.assign(Object.create(null) as object, { hello: () => 'hi' });
    const instance = make(bare);
    expect(instance.describe().methods).toEqual(['hello']);
    expect(instance.call('hello', [])).toBe('hi');
  });
});
