import { PassThrough } from 'node:stream';
import { finished } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { readLines } from '../../src/remote/read-lines.js';

test('lines are read, whatever chunks they come in, and a long one is cut', async () => {
  const stream = new PassThrough();
  const lines: string[] = [];
  readLines(stream, (line) => void lines.push(line));
  const euro = Buffer.from('€');
  for (const chunk of ['a\nb', 'c\r', '\n\n', euro.subarray(0, 1), euro.subarray(1), '\n']) stream.write(chunk);
  for (let chunk = 0; chunk < 100; chunk++) stream.write('x'.repeat(65_536));
  stream.end('\nlast');
  await finished(stream);
  expect(lines).toEqual(['a', 'bc', '', '€', 'x'.repeat(10_000), 'last']);
});
