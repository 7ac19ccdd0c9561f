import { describe, expect, test } from 'vitest';
import { SerializationError } from '../../src/errors.js';
import { codecOf } from '../support/crossing.js';

const advanced = codecOf('advanced');
const json = codecOf('json');
const cause = new Error('the cause');

/** V8 clones no native object. */
const native = (): object => {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  return port1;
};

describe('explain', () => {
  test.each([
    ['a property', (x: object) => ({ a: [1, { x }] }), 'result.a[1].x'],
    ['a value of a Map', (x: object) => new Map([['k', { x }]]), 'result.get("k").x'],
    ['a key of a Map', (x: object) => new Map([[x, 1]]), 'result.<key 0>'],
    ['a member of a Set', (x: object) => new Set([1, x]), 'result.<member 1>'],
    ['the whole', (x: object) => x, 'result'],
  ])('names %s that V8 cannot write', (_name, make, path) => {
    const error = advanced.explain(make(native()), { root: 'result', method: 'run' }, cause);
    expect(error).toBeInstanceOf(SerializationError);
    expect(error).toMatchObject({ path, cause });
    expect(error.message).toMatch(`run(): ${path} could not be written`);
  });

  test('names the part that is most of a value that is too large', () => {
    const large = 'x'.repeat(1000);
    const error = json.explain([{ small: 1 }, { large }], { root: 'args', event: "'data'" }, cause);
    expect(error.path).toBe('args[1].large');
    expect(error.message).toBe(
      "event 'data': args[1].large could not be written as part of one message (the cause). Send it in smaller parts.",
    );
    const bytes = [{ a: 'small' }, { bytes: new Uint8Array(2 ** 28 + 1) }];
    expect(advanced.explain(bytes, { root: 'args' }, cause).path).toBe('args[1].bytes');
  });

  test('names the whole value if no part is most of it', () => {
    const parts = ['x'.repeat(1000), 'y'.repeat(1000), 'z'.repeat(1000)];
    expect(json.explain({ parts }, { root: 'value' }, cause).path).toBe('value.parts');
    expect(json.explain(undefined, { root: 'value' }, cause).path).toBe('value');
    const many = Array.from({ length: 1_100_000 }, () => [1]);
    expect(json.explain({ many }, { root: 'value' }, cause).path).toBe('value');
  });

  test('leaves the levels of descriptors out of the path', () => {
    const wire = { deep: { __procxy_type: 'escaped', value: { __procxy_mine: { x: native() } } } };
    expect(advanced.explain(wire, { root: 'result' }, cause).path).toBe('result.deep.__procxy_mine.x');
    const error = { __procxy_type: 'error', value: { class: 'Error', message: '', properties: { x: native() } } };
    expect(advanced.explain({ error }, { root: 'result' }, cause).path).toBe('result.error.x');
  });

  test('names the property whose getter throws', () => {
    const fault = {
      get x(): never {
        throw new TypeError('unreadable');
      },
    };
    expect(advanced.explain({ fault }, { root: 'result' }, cause).path).toBe('result.fault.x');
  });

  test('reads no more of a deep path than is shown', () => {
    let wire: unknown = native();
    for (let level = 0; level < 500; level++) wire = { a: wire };
    expect(advanced.explain(wire, { root: 'result' }, cause).path).toBe(`result${'.a'.repeat(20)}…`);
  });
});
