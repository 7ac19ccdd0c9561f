import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { keepTail } from '../../src/parent/stderr-tail.js';

test('the last 4 KiB are kept, in whatever pieces they arrived', () => {
  const stderr = new PassThrough();
  const tail = keepTail(stderr);
  expect(tail()).toBe('');
  stderr.write('a'.repeat(5000));
  stderr.write('the end');
  expect(tail()).toBe('a'.repeat(4096 - 7) + 'the end');
  stderr.write('b'.repeat(10_000));
  expect(tail()).toBe('b'.repeat(4096));
});

test('text of a stream with an encoding counts too', () => {
  const stderr = new PassThrough().setEncoding('utf8');
  const tail = keepTail(stderr);
  stderr.write('größer');
  expect(tail()).toBe('größer');
});

test('there is no text without a pipe', () => {
  expect(keepTail(null)()).toBeUndefined();
});
