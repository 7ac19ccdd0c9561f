import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errorHandler } from '../../src/codec/error-codec.js';
import { registerErrorClass } from '../../src/codec/registry.js';
import { ProtocolError, SerializationError, TimeoutError } from '../../src/errors.js';
import { codecOf, cross } from '../support/crossing.js';

const modes = ['json', 'advanced'] as const;

class Teapot extends RangeError {
  declare cups: number;
  pour(): string {
    return `${this.cups} cups`;
  }
}
registerErrorClass(Teapot);

describe.each(modes)('an error, in %s mode', (mode) => {
  const arrive = <T>(error: T): T & Record<string, unknown> => cross(mode, error) as T & Record<string, unknown>;

  test.each([Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError])(
    'of the class %o',
    (type) => {
      const error = new type('what happened');
      const arrived = arrive(error);
      expect(arrived).toBeInstanceOf(type);
      expect(Object.getPrototypeOf(arrived)).toBe(type.prototype);
      expect(arrived).toMatchObject({ name: error.name, message: 'what happened', stack: error.stack });
      expect(Object.keys(arrived)).toEqual([]);
    },
  );

  test('of a class of this library, with its fields', () => {
    const arrived = arrive(new TimeoutError('save', 50, 'too late'));
    expect(arrived).toBeInstanceOf(TimeoutError);
    expect(arrived).toMatchObject({ code: 'PROCXY_TIMEOUT', method: 'save', timeoutMs: 50, message: 'too late' });
  });

  test('of a registered class is an instance of it, and the constructor is not run', () => {
    const arrived = arrive(Object.assign(new Teapot('short and stout'), { cups: 3 }));
    expect(arrived).toBeInstanceOf(Teapot);
    expect(arrived.pour()).toBe('3 cups');
  });

  test('of an unknown class keeps its name, and is an instance of its nearest built-in class', () => {
    class ConfigError extends TypeError {
      override name = 'ConfigError';
    }
    const arrived = arrive(new ConfigError('no port'));
    expect(Object.getPrototypeOf(arrived)).toBe(TypeError.prototype);
    expect(String(arrived)).toBe('ConfigError: no port');
    expect(Object.keys(arrived)).toEqual([]);
  });

  test('of another realm is one of the same class here', () => {
    expect(arrive(runInNewContext("new RangeError('far')") as Error)).toBeInstanceOf(RangeError);
    const derived = arrive(runInNewContext("class Far extends RangeError {}; new Far('far')") as Error);
    expect(Object.getPrototypeOf(derived)).toBe(RangeError.prototype);
  });

  test('that is a DOMException keeps name and code', () => {
    const arrived = arrive(new DOMException('stop', 'AbortError'));
    expect(arrived).toBeInstanceOf(DOMException);
    expect(arrived).toMatchObject({ name: 'AbortError', message: 'stop', code: 20 });
  });

  test('keeps the chain of its causes, whatever they are', () => {
    const arrived = arrive(new Error('outer', { cause: new TypeError('middle', { cause: { errno: -2 } }) }));
    expect(arrived.cause).toBeInstanceOf(TypeError);
    expect((arrived.cause as Error).cause).toEqual({ errno: -2 });
    expect(Object.keys(arrived)).toEqual([]);
    expect('cause' in arrive(new Error('without one'))).toBe(false);
    expect(Object.hasOwn(arrive(new Error('of nothing', { cause: undefined })), 'cause')).toBe(true);
  });

  test('keeps the errors of an AggregateError', () => {
    const arrived = arrive(new AggregateError([new TypeError('one'), 'two'], 'both'));
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.errors).toMatchObject([{ name: 'TypeError', message: 'one' }, 'two']);
  });

  test('keeps its own properties, and a code of its prototype', () => {
    class SystemError extends Error {
      get code(): string {
        return 'EACCES';
      }
    }
    const arrived = arrive(
      Object.assign(new SystemError('denied'), { path: '/etc', details: { list: [1, undefined] } }),
    );
    expect(arrived).toMatchObject({ code: 'EACCES', path: '/etc', details: { list: [1, undefined] } });
  });

  test('loses what cannot cross, and nothing else', () => {
    const error = new Error('kept', { cause: Symbol('lost') });
    Object.assign(error, { socket: () => 1, kept: 1 });
    Object.defineProperty(error, 'trap', { enumerable: true, get: fail });
    const arrived = arrive(error);
    expect(Object.entries(arrived)).toEqual([['kept', 1]]);
    expect('cause' in arrived).toBe(false);
  });

  test('survives a name, a message and a stack that are not text, or cannot be read', () => {
    const error = new Error('kept');
    // First: V8 formats a stack when it is looked at, and reads the message for it.
    Object.defineProperty(error, 'stack', { value: { not: 'text' } });
    Object.defineProperty(error, 'name', { value: 5 });
    Object.defineProperty(error, 'message', { get: fail });
    const arrived = arrive(error);
    expect(arrived).toMatchObject({ name: 'Error', message: '' });
    expect(typeof arrived.stack).toBe('string');
  });

  test('keeps each member of a list of errors that can cross, in its place', () => {
    const arrived = arrive(new AggregateError([new TypeError('one'), () => 1, Symbol('two'), 'three'], 'some'));
    expect(arrived.errors).toEqual([expect.any(TypeError), undefined, undefined, 'three']);
    expect(arrived.errors).toHaveLength(4);
  });

  test('carries an object whole or not at all', () => {
    const half = { a: 1, f: () => 1, b: 2 };
    const error = Object.assign(new Error('gutted'), { first: half, second: { half }, third: { whole: true } });
    const inner = Object.assign(new Error('inner'), { deep: { list: [{ half }] }, kept: [1] });
    expect(Object.entries(arrive(error))).toEqual([['third', { whole: true }]]);
    expect(Object.entries(arrive(Object.assign(inner, { error })))).toEqual([
      ['kept', [1]],
      ['error', expect.objectContaining({ third: { whole: true } })],
    ]);
  });

  test('says where a long chain of causes was cut', () => {
    let chain = new Error('root');
    for (let index = 0; index < 5000; index++) chain = new Error(`at ${index}`, { cause: chain });
    const messages: string[] = [];
    for (let error: unknown = arrive(chain); error instanceof Error; error = error.cause) messages.push(error.message);
    expect(messages.length).toBeGreaterThan(300);
    expect(messages.at(-1)).toMatch(/were left out/);
  });

  test.each(['CompileError', 'LinkError', 'RuntimeError'] as const)('of WebAssembly is a %s', (name) => {
    const { WebAssembly } = globalThis as unknown as { WebAssembly: Record<typeof name, new (text: string) => Error> };
    expect(arrive(new WebAssembly[name]('trap'))).toBeInstanceOf(WebAssembly[name]);
  });

  test('that contains itself arrives', () => {
    const error = new Error('a circle') as Error & { self: unknown };
    error.self = { error };
    error.cause = error;
    expect(arrive(error)).toMatchObject({ message: 'a circle' });
  });

  test('may be anywhere in a value', () => {
    const { list } = arrive({ list: [{ error: new RangeError('deep') }] });
    expect(list[0]?.error).toBeInstanceOf(RangeError);
  });
});

describe('in advanced mode', () => {
  test('an error that refers to itself keeps doing so', () => {
    const error = new Error('a circle') as Error & { self: unknown; within: unknown };
    error.self = error;
    error.within = { list: [error] };
    error.cause = error;
    const arrived = cross('advanced', error) as typeof error;
    expect(arrived.self).toBe(arrived);
    expect(arrived.cause).toBe(arrived);
    expect(arrived.within).toEqual({ list: [arrived] });
  });

  test('two errors may be the causes of each other, and an object may hold its own error', () => {
    const one = new Error('one');
    const two = new Error('two', { cause: one });
    one.cause = two;
    const arrived = cross('advanced', one) as Error;
    expect((arrived.cause as Error).cause).toBe(arrived);
    const holder: { failure?: Error & { holder?: object } } = {};
    holder.failure = Object.assign(new Error('held'), { holder });
    const received = cross('advanced', holder) as typeof holder;
    expect(received.failure?.holder).toBe(received);
  });
});

describe('the stack', () => {
  const at = (name: string): string => `    at run (file:///app/${name}:1:1)`;
  const send = (stack: string, ownFile?: string): unknown => {
    const error = Object.assign(new Error('x'), { stack });
    return (cross('json', error, codecOf('json', ownFile === undefined ? {} : { ownFile })) as Error).stack;
  };

  test("is cut where the library's own file begins", () => {
    const stack = ['Error: x', at('user.js'), at('agent.cjs'), at('beneath.js')].join('\n');
    expect(send(stack, '/app/agent.cjs')).toBe(`Error: x\n${at('user.js')}`);
    expect(send(stack)).toBe(stack);
    expect(send(stack, '/app/other.cjs')).toBe(stack);
  });

  test('is not cut at a message that names the file', () => {
    const stack = `Error: /app/agent.cjs is broken\n${at('user.js')}`;
    expect(send(stack, '/app/agent.cjs')).toBe(stack);
  });

  test('is not collected when an error is made here, and Error.stackTraceLimit stays', () => {
    const limit = Error.stackTraceLimit;
    const arrived = cross('json', Object.assign(new Error('x'), { stack: undefined })) as Error;
    expect(Error.stackTraceLimit).toBe(limit);
    expect(arrived.stack).toBe('Error: x');
  });
});

describe('a malformed error is refused', () => {
  const sound = { class: 'Error', message: 'x' };
  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['text', 'Error: x'],
    ['no class', { message: 'x' }],
    ['no message', { class: 'Error' }],
    ['a name that is a number', { ...sound, name: 5 }],
    ['a stack that is an object', { ...sound, stack: {} }],
    ['properties that are text', { ...sound, properties: 'x' }],
    ['properties that are null', { ...sound, properties: null }],
    ['a stack among the properties', { ...sound, properties: { stack: 5 } }],
  ])('%s', (_name, wire) => {
    const context = { decode: (value: unknown) => value, announce: () => {} };
    expect(() => errorHandler().decode(wire as never, context)).toThrow(ProtocolError);
    expect(errorHandler().decode(sound, context)).toBeInstanceOf(Error);
  });

  test('an error of a class that is not a class of errors, or unknown, is an Error', () => {
    for (const type of ['Object', '__proto__', 'constructor', 'toString', 'Nobody']) {
      const decoded = errorHandler().decode(
        { ...sound, class: type },
        { decode: (value: unknown) => value, announce: () => {} },
      );
      expect(Object.getPrototypeOf(decoded)).toBe(Error.prototype);
    }
  });

  test('a property named __proto__ changes no prototype', () => {
    const properties = JSON.parse('{"__proto__": {"polluted": true}}') as Record<string, unknown>;
    const decoded = errorHandler().decode({ ...sound, properties } as never, {
      decode: (value: unknown) => value,
      announce: () => {},
    });
    expect(decoded).toBeInstanceOf(Error);
    expect((decoded as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

test('a refusal names the place in the user value, even if errors were tried on the way', () => {
  const value = { error: new Error('x', { cause: Symbol('lost') }), bad: 1n };
  expect(() => codecOf('json').encode(value, { root: 'args' })).toThrow(SerializationError);
  expect(() => codecOf('json').encode(value, { root: 'args' })).toThrow(/^args\.bad /);
});

let before: number;
beforeEach(() => (before = Error.stackTraceLimit));
afterEach(() => expect(Error.stackTraceLimit).toBe(before));

function fail(): never {
  throw new Error('no');
}
