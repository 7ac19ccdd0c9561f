import { pathToFileURL } from 'node:url';
import { runInNewContext, Script } from 'node:vm';
import { expect, test } from 'vitest';
import { locateClass } from '../../src/parent/v8-location.js';
import * as barrel from '../fixtures/modules/outer-barrel.js';
import { Circle } from '../fixtures/modules/shapes.js';

/** The URL of `/`, which has a drive on Windows. */
const disk = pathToFileURL('/').href;

const shapes = new URL('../fixtures/modules/shapes.js', import.meta.url).href;

test('a class is located where it was defined, under whatever name it was imported', () => {
  for (const type of [Circle, barrel.Circle, barrel.Renamed, barrel.nested.Circle]) {
    expect(locateClass(type)).toEqual({ url: shapes });
  }
});

test.each([
  ['a path', '/app/worker.js', { url: `${disk}app/worker.js` }],
  ['a URL', 'file:///app/worker.js', { url: 'file:///app/worker.js' }],
])('the name of its script may be %s', (_name, filename, location) => {
  const type = new Script('(class Worker {})', { filename }).runInThisContext() as object;
  expect(locateClass(type)).toEqual(location);
});

test('a class of another realm is found too', () => {
  const type = runInNewContext('(class Far {})', {}, { filename: '/app/far.js' }) as object;
  expect(locateClass(type)).toEqual({ url: `${disk}app/far.js` });
});

test.each<[string, object, RegExp]>([
  ['made by eval', new Function('return class Made {}')() as object, /eval/],
  ['a part of Node', URL, /part of Node/],
  ['of the language', Map, /not a class from a JavaScript file/],
  ['a bound function', Circle.bind(null), /not a class from a JavaScript file/],
])('the reason why the place is unknown: %s', (_name, type, reason) => {
  expect(locateClass(type)).toEqual({ unknown: expect.stringMatching(reason) as string });
});

test.each(['webpack://app/./src/worker.js', 'webpack-internal:///./worker.js', 'rsc://Server/worker.js?1'])(
  'a name from a bundle, %s, is not a place that a child can import from',
  (name) => {
    const reason = expect.stringContaining(`its name in a bundle (${name})`) as string;
    const named = new Script('(class Worker {})', { filename: name }).runInThisContext() as object;
    expect(locateClass(named)).toEqual({ unknown: reason });
    // As webpack does it in development builds.
    const evaluated = new Function(`return class Worker {};\n//# sourceURL=${name}`)() as object;
    expect(locateClass(evaluated)).toEqual({ unknown: reason });
  },
);

test('the answer is kept, and nothing is left behind', () => {
  class Here {}
  const first = locateClass(Here);
  expect(locateClass(Here)).toBe(first);
  expect(Object.keys(process.getBuiltinModule('node:inspector')).filter((key) => key.includes('procxy'))).toEqual([]);
});
