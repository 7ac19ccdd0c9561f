import { once } from 'node:events';
import { Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Writing } from '../fixtures/writing.js';
import { untilNoneOpen } from '../support/streams.js';

const module = '../fixtures/writing.js';

describe('a Writable that is ended by its owner', () => {
  test('is also ended in the child, for code that continues to write', async () => {
    await using writing = await procxy(Writing, module);
    let got = '';
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        got += String(chunk);
        done();
        if (got.length >= 10) this.end();
      },
    });
    stream.on('error', () => {});
    expect(await writing.writeUntilItFails(stream, 1000)).toMatch(/^error: |^close /);
    expect(got).toBe('chunkchunk');
    await untilNoneOpen(writing);
  });

  test('closes its counterpart without an error if nothing was written', async () => {
    await using writing = await procxy(Writing, module);
    const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
    const closed = writing.waitForClose(stream);
    await once(stream.end(), 'close');
    expect(await closed).toBe(true);
  });
});

test('a WritableStream that is passed is locked immediately', async () => {
  await using writing = await procxy(Writing, module);
  const got: unknown[] = [];
  const stream = new WritableStream<string>({ write: (chunk) => void got.push(chunk) });
  const filled = writing.writeText(stream);
  expect(() => stream.getWriter()).toThrow(TypeError);
  await filled;
  expect(got).toEqual(['text']);
});

test('a Duplex whose readable side has ended is still written to', async () => {
  await using writing = await procxy(Writing, module);
  const stream = await writing.halfOpen();
  let read = '';
  stream.on('data', (chunk) => (read += String(chunk)));
  await once(stream, 'end');
  stream.write('later');
  stream.end('!');
  await once(stream, 'finish');
  expect([read, await writing.got()]).toEqual(['hello', 'later!']);
});

test('a Duplex that its owner writes to is read to its end', async () => {
  await using writing = await procxy(Writing, module);
  const stream = await writing.ownDuplex('written over there');
  let read = '';
  stream.on('data', (chunk) => (read += String(chunk)));
  await once(stream, 'close');
  expect([read, stream.writableEnded, stream.errored]).toEqual(['written over there', true, null]);
});
