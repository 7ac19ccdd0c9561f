import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import type { Origin } from '../../src/codec/codec.js';
import { at, type EncodeContext, type TransferHandler } from '../../src/codec/transfer-handlers.js';
import { assign, holes, isData, Walk } from '../../src/codec/walk.js';
import { SerializationError } from '../../src/errors.js';
import { isPlain } from '../../src/realm.js';
import type { Wire } from '../../src/protocol.js';

/** The least that a mode adds: text crosses, numbers do not, and plain objects are walked. */
class TextWalk extends Walk {
  protected value(value: unknown): Wire {
    if (typeof value === 'string') return value;
    if (typeof value === 'function') return this.func(value);
    if (typeof value === 'object' && value !== null) {
      const handler = isPlain(value) ? undefined : this.handlerOf(value);
      if (handler) return this.handled(value, handler);
      this.parents.push(value);
      const copy = Object.entries(value).map(([key, part]) => [key, this.encode(part, key)]);
      this.parents.pop();
      return Object.fromEntries(copy) as Wire;
    }
    return this.reject({ what: 'no text', remedy: 'Pass text.' });
  }

  at(keys: readonly Parameters<EncodeContext['encode']>[1][], value: unknown): Wire {
    this.keys.push(...keys);
    return this.root(value);
  }
}

class Box {
  readonly content: unknown;
  constructor(content: unknown) {
    this.content = content;
  }
}

function boxHandler(name: string, encode: TransferHandler<Box>['encode']): TransferHandler<Box> {
  return { name, canHandle: (value): value is Box => value instanceof Box, encode, decode: (wire) => wire };
}

function walk(handlers: readonly TransferHandler[] = [], origin: Origin = { root: 'args' }): TextWalk {
  return new TextWalk(handlers, origin, undefined);
}

function refused(run: () => unknown): SerializationError {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SerializationError);
    return error as SerializationError;
  }
  throw new Error('Nothing was refused.');
}

describe('the path of a refusal', () => {
  test.each([
    [['name'], 'args.name'],
    [[0, 'größe', '$id', '_x1'], 'args[0].größe.$id._x1'],
    [['my key', '', '0', 'a-b', 'say "so"'], 'args["my key"][""]["0"]["a-b"]["say \\"so\\""]'],
    [[at.mapKey(2)], 'args.<key 2>'],
    [[at.mapValue('name', 0), at.mapValue(7, 1)], 'args.get("name").get(7)'],
    [[at.mapValue({}, 3), at.member(4)], 'args.<value 3>.<member 4>'],
  ])('%j reads %s', (keys, path) => {
    expect(refused(() => walk().at(keys, 1)).path).toBe(path);
  });

  test('ends after 20 keys', () => {
    const error = refused(() =>
      walk().at(
        Array.from({ length: 21 }, (_, index) => index),
        1,
      ),
    );
    expect(error.path).toBe(`args${Array.from({ length: 20 }, (_, index) => `[${index}]`).join('')}…`);
  });

  test.each<[Origin, string]>([
    [{ root: 'args' }, 'args.a is no text. Pass text.'],
    [{ root: 'args', method: 'save' }, 'save(): args.a is no text. Pass text.'],
    [{ root: 'args', event: "'done'" }, "event 'done': args.a is no text. Pass text."],
  ])('the message names where the value was going: %j', (origin, message) => {
    expect(refused(() => walk([], origin).root({ a: 1 })).message).toBe(message);
  });
});

describe('transfer handlers', () => {
  test('the first in the list that takes a value writes it', () => {
    const first = boxHandler('first', () => 'one');
    const subject = walk([first, boxHandler('second', () => 'two')]);
    expect(subject.root(new Box(0))).toEqual({ __procxy_type: 'first', value: 'one' });
    expect(subject.coded).toBe(true);
  });

  test('may write the whole descriptor', () => {
    const handler: TransferHandler = { ...boxHandler('own', () => 'as it is'), describesItself: true };
    const subject = walk([handler]);
    expect(subject.root(new Box(0))).toBe('as it is');
    expect(subject.coded).toBe(true);
  });

  test('know the object that holds the value', () => {
    const containers: unknown[] = [];
    const handler = boxHandler('box', (_box, context) => void containers.push(context.container));
    const holder = { inner: { box: new Box(0) } };
    walk([handler]).root(holder);
    walk([handler]).root(new Box(0));
    expect(containers).toEqual([holder.inner, undefined]);
  });

  test('refuse with a sentence of their own, which names the place', () => {
    const handler = boxHandler('box', (_box, context) => context.refuse('shut', 'Open it.'));
    expect(refused(() => walk([handler]).root({ a: new Box(0) })).message).toBe('args.a is shut. Open it.');
  });

  test('that throw are refused with the reason, which is kept as the cause', () => {
    const cause = new Error('jammed');
    const handler = boxHandler('box', () => {
      throw cause;
    });
    const error = refused(() => walk([handler]).root({ a: new Box(0) }));
    expect(error).toMatchObject({ path: 'args.a', cause });
    expect(error.message).toContain('jammed');
  });
});

describe('a part that may be lost', () => {
  const attempts: unknown[] = [];
  const handler = boxHandler('box', (box, context) => {
    expect(context.isOptional).toBe(false);
    for (const part of Object.entries(box.content as object)) attempts.push(context.tryEncode(part[1], part[0]));
    expect(context.isOptional).toBe(false);
    return context.encode(1, 'last');
  });

  test('is tried, and the walk continues at the same place', () => {
    const error = refused(() => walk([handler]).root({ box: new Box({ good: 'x', bad: { deep: { number: 1 } } }) }));
    expect(attempts).toEqual([
      { crosses: true, wire: 'x' },
      { crosses: false, refusal: expect.objectContaining({ path: 'args.box.bad.deep.number' }) as unknown },
    ]);
    expect(error.path).toBe('args.box.last');
  });

  test('is known to be optional by the handlers within it', () => {
    const seen: boolean[] = [];
    const inner = boxHandler('inner', (box, context) => {
      seen.push(context.isOptional);
      return box.content === 'end' ? 'end' : context.tryEncode(new Box('end'), 'part').wire;
    });
    walk([inner]).root(new Box('start'));
    expect(seen).toEqual([false, true]);
  });
});

test('a value too deep for the stack is refused as too deep, and not as a RangeError', () => {
  let deep: object = {};
  for (let level = 0; level < 100_000; level++) deep = { deep };
  const error = refused(() => walk().root(deep));
  expect(error.message).toMatch(/^args(\.deep){20}… is nested deeper/);
});

describe('the kinds of objects', () => {
  test.each<[string, object, plain: boolean, data: boolean]>([
    ['a literal', {}, true, true],
    ['an object without a prototype', Object.create(null) as object, true, true],
    ['a literal of another realm', runInNewContext('({})') as object, true, true],
    ['an instance', new Box(0), false, false],
    ['an array', [], false, false],
    ['a literal that can be iterated over asynchronously', { async *[Symbol.asyncIterator]() {} }, true, false],
  ])('%s', (_name, value, plain, data) => {
    expect([isPlain(value), isData(value)]).toEqual([plain, data]);
  });
});

test('a key named __proto__ is assigned as a property like any other', () => {
  const target: Record<string, unknown> = {};
  assign(target, '__proto__', { polluted: true });
  assign(target, 'other', 1);
  expect(Object.getPrototypeOf(target)).toBe(Object.prototype);
  expect(Object.entries(target)).toEqual([
    ['__proto__', { polluted: true }],
    ['other', 1],
  ]);
});

test('an array of holes has a length and nothing else', () => {
  const array = holes(3);
  expect(array).toHaveLength(3);
  expect(Object.keys(array)).toEqual([]);
});
