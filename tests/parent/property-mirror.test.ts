import { expect, test } from 'vitest';
import { createCodec } from '../../src/codec/create-codec.js';
import { ProtocolError } from '../../src/errors.js';
import { PropertyMirror } from '../../src/parent/property-mirror.js';

const names = (count: number, prefix = 'p'): [string, number][] =>
  Array.from({ length: count }, (_, n) => [`${prefix}${n}`, n]);

test('more properties than an honest child has are a violation, in one message or in many', () => {
  const start = (): PropertyMirror => new PropertyMirror(createCodec({ mode: 'json', self: { current: undefined } }));
  const mirror = start();
  mirror.apply({ type: 'property-update', set: names(10_000) });
  expect(mirror.read('p9999')).toBe(9999);
  expect(() => mirror.apply({ type: 'property-update', set: [['one more', 1]] })).toThrow(ProtocolError);
  expect(() => start().apply({ type: 'property-update', set: names(10_001) })).toThrow(/sent more properties than/);
  const reasons = names(10_001).map(([name]): [string, string] => [name, 'no reason']);
  expect(() => start().apply({ type: 'property-update', unavailable: reasons })).toThrow(ProtocolError);
});

test('removed properties do not count', () => {
  const mirror = new PropertyMirror(createCodec({ mode: 'json', self: { current: undefined } }));
  for (const prefix of ['a', 'b', 'c']) {
    const set = names(9000, prefix);
    mirror.apply({ type: 'property-update', set });
    mirror.apply({ type: 'property-update', removed: set.map(([name]) => name) });
  }
  mirror.apply({ type: 'property-update', set: names(9000), removed: names(5000).map(([name]) => name) });
  expect(mirror.names()).toHaveLength(4000);
});
