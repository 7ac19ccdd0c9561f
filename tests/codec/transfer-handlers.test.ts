import { expect, test } from 'vitest';
import { at, selfHandler, type DecodeContext, type EncodeContext } from '../../src/codec/transfer-handlers.js';

test.each([
  [at.mapKey(3), '.<key 3>'],
  [at.mapValue('a "b"', 0), '.get("a \\"b\\"")'],
  [at.mapValue(1.5, 0), '.get(1.5)'],
  [at.mapValue(Symbol('s'), 2), '.<value 2>'],
  [at.mapValue(undefined, 4), '.<value 4>'],
  [at.member(5), '.<member 5>'],
])('a place in a Map or a Set: %j', (key, place) => {
  expect(key).toEqual({ place });
});

test('the handler takes only the current instance of its side', () => {
  const self: { current: object | undefined } = { current: undefined };
  const handler = selfHandler(self);
  const instance = {};
  expect(handler.canHandle(instance)).toBe(false);
  self.current = instance;
  expect(handler.canHandle(instance)).toBe(true);
  expect(handler.canHandle({})).toBe(false);
  expect(handler.encode(instance, {} as EncodeContext)).toBeUndefined();
  expect(handler.decode(undefined, {} as DecodeContext)).toBe(instance);
});
