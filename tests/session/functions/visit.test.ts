import { describe, expect, test } from 'vitest';
import { withoutCollection } from '../../../src/session/functions/visit.js';

describe('the collection that comes last', () => {
  const map = new Map([['key', 'value']]);
  const set = new Set(['value']);

  test.each<[string, unknown[], unknown[]]>([
    ['a Map', ['value', 'key', map], ['value', 'key']],
    ['a Set', ['value', 'value', set], ['value', 'value']],
    ['an array', ['value', 0, ['value']], ['value', 0]],
    ['a Map with NaN', [Number.NaN, 1, new Map([[1, Number.NaN]])], [Number.NaN, 1]],
  ])('of %s is left out', (_name, args, expected) => {
    expect(withoutCollection(args, 2)).toEqual(expected);
    expect(withoutCollection(args, 0)).toEqual(expected);
  });

  test.each<[string, unknown[], number]>([
    ['the function asks for it', ['value', 'key', map], 3],
    ['it is not where the others come from', ['other', 'key', map], 2],
    ['there are more arguments', ['value', 'key', map, 1], 2],
    ['there are fewer', ['value', map], 2],
    ['it is something else', ['value', 'key', { key: 'value' }], 2],
  ])('stays where %s', (_name, args, arity) => {
    expect(withoutCollection(args, arity)).toBeUndefined();
  });
});
