import { readFileSync } from 'node:fs';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { isAbortSignal, isError, isReadableStream, isUrl, isWritableStream } from '../src/realm.js';

const named = (type: string, members: object): unknown => ({ [Symbol.toStringTag]: type, ...members });
const thrownBy = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe('an error is one', () => {
  test.each([
    ['of this realm', new TypeError('here')],
    ['of another', runInNewContext("new RangeError('there')")],
    ['of Node', thrownBy(() => readFileSync('/no/such/file'))],
    ['that no constructor has made', Object.create(Error.prototype) as unknown],
    ['that is a DOMException', new DOMException('stop', 'AbortError')],
    ['that is the DOMException of another realm', named('DOMException', { message: 'stop' })],
  ])('%s', (_which, error) => {
    expect(isError(error)).toBe(true);
  });

  test('and any other value is not', () => {
    const alike = { name: 'Error', message: 'alike' };
    for (const value of ['a text', undefined, null, alike, () => {}, named('Error', {}), named('DOMException', {})]) {
      expect(isError(value)).toBe(false);
    }
  });
});

describe.each([
  ['isUrl', isUrl, new URL('file:///a'), named('URL', { href: 'file:///a' })],
  ['isAbortSignal', isAbortSignal, new AbortController().signal, named('AbortSignal', { aborted: false })],
  ['isReadableStream', isReadableStream, new ReadableStream(), named('ReadableStream', { getReader: () => {} })],
  ['isWritableStream', isWritableStream, new WritableStream(), named('WritableStream', { getWriter: () => {} })],
] as const)('%s', (_name, is, own, foreign) => {
  test('recognizes its class in this realm and in others', () => {
    expect([is(own), is(foreign)]).toEqual([true, true]);
  });

  test('recognizes no other class, and none by its name alone', () => {
    const name = Object.prototype.toString.call(own).slice('[object '.length, -1);
    for (const value of [undefined, null, 'file:///a', {}, () => {}, named(name, {}), new Map()]) {
      expect(is(value)).toBe(false);
    }
  });
});
