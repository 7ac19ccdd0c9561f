import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SerializationError } from 'procxy';
import { pieces } from '../fixtures/streaming.js';
import { streaming, type RemoteStreaming } from '../support/remote-streaming.js';
import { collect, failure, modes, outcomeOf, untilNoneOpen, within } from '../support/streams.js';

const BIG = 20 * 1024 * 1024;

function hashOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha256');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

describe.each(modes)('Node streams, in %s mode', (serialization) => {
  let proxy: RemoteStreaming;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-streams-'));
    proxy = await streaming({ serialization });
  });
  afterAll(async () => {
    await untilNoneOpen(proxy, true);
    await proxy.$terminate();
    rmSync(folder, { recursive: true });
  });

  const bytesOf = (...chunks: (Uint8Array | string)[]): Readable => Readable.from(chunks, { objectMode: false });

  test('20 MB of bytes, from the child and to it', async () => {
    const expected = hashOf(pieces(BIG, 65_536));
    const hash = createHash('sha256');
    await pipeline(await proxy.bytes(BIG), hash);
    expect(hash.digest('hex')).toBe(expected);
    expect(await proxy.hash(Readable.from(pieces(BIG, 65_536), { objectMode: false }))).toBe(expected);
  });

  test('a stream arrives as one of its kind', async () => {
    const readable = await proxy.bytes(10);
    expect(readable).toBeInstanceOf(Readable);
    expect(readable.readableObjectMode).toBe(false);
    const writable = await proxy.slowWriter();
    expect(writable).toBeInstanceOf(Writable);
    expect(writable).not.toBeInstanceOf(Readable);
    const objects = await proxy.objects([1]);
    expect(objects.readableObjectMode).toBe(true);
    readable.destroy();
    writable.destroy();
    objects.destroy();
  });

  test('text, if the stream has an encoding', async () => {
    await using own = await streaming({ serialization });
    const readable = await own.text(['grün', ' und ', 'blau'], 'utf8');
    expect(readable.readableEncoding).toBe('utf8');
    let text = '';
    for await (const chunk of readable) {
      expect(typeof chunk).toBe('string');
      text += chunk as string;
    }
    expect(text).toBe('grün und blau');
    expect(await own.readText(bytesOf('aä', 'z').setEncoding('hex'))).toBe('61c3a47a');
  });

  test('objects, with the values that the mode carries', async () => {
    const items =
      serialization === 'json' ? [1, 'a', { b: [null, 2.5] }] : [1n, new Map([['a', new Set([1])]]), new Date(5)];
    if (serialization === 'json') expect(await collect(await proxy.objects(items))).toEqual(items);
    expect(await proxy.collect(Readable.from(items))).toEqual(items);
    expect(await proxy.collect(await proxy.objects(items))).toEqual(items);
  });

  test('an object that cannot cross ends the stream with a SerializationError, after the objects before it', async () => {
    const source = Readable.from([1, 2, Symbol('none'), 4]);
    expect(await failure(proxy.collect(source))).toBeInstanceOf(SerializationError);
    expect(source.destroyed).toBe(true);
  });

  test('tiny, empty and large chunks', async () => {
    const sizes = [1, 0, 1, 3, 0, 5_000_000, 1];
    const chunks = sizes.map((size) => Buffer.alloc(size, size % 251));
    const expected = hashOf(chunks);
    expect(hashOf((await collect(await proxy.chunksOf(sizes))) as Buffer[])).toBe(expected);
    expect(await proxy.hash(Readable.from(chunks, { objectMode: false }))).toBe(expected);
    const single = await collect(await proxy.bytes(3000, 1));
    expect(hashOf(single as Buffer[])).toBe(hashOf(pieces(3000, 1)));
    expect(await collect(await proxy.chunksOf([]))).toEqual([]);
  });

  test('pipeline() to a stream of the child ends when that stream has finished', async () => {
    const before = (await proxy.log()).length;
    await pipeline(bytesOf('a', 'b', 'c'), await proxy.slowWriter());
    const log = (await proxy.log()).slice(before);
    expect(log.slice(0, -2).join('')).toBe('abc');
    expect(log.slice(-2)).toEqual(['final', 'destroyed cleanly']);
  });

  test('a stream of the parent is written to in the child', async () => {
    const chunks: string[] = [];
    let finished = false;
    const writable = new Writable({
      write: (chunk, _encoding, done) => {
        chunks.push(String(chunk));
        setTimeout(done, 2);
      },
      final: (done) => {
        finished = true;
        done();
      },
    });
    expect(await proxy.writeTo(writable, ['a', 'b', 'c'])).toBe('finished');
    expect([chunks.join(''), finished]).toEqual(['abc', true]);
  });

  test('objects are written', async () => {
    const before = (await proxy.log()).length;
    const items = [1, 'b', { c: [3] }, ...Array.from({ length: 40 }, (_, i) => i)];
    await within(pipeline(Readable.from(items), await proxy.slowWriter(true)), 'the pipeline');
    const log = (await proxy.log()).slice(before);
    expect(log).toEqual([...items.map((item) => JSON.stringify(item)), 'final', 'destroyed cleanly']);
  });

  test('a write is acknowledged by its callback', async () => {
    const writable = await proxy.slowWriter();
    for (const text of ['a', 'b']) {
      await within(new Promise<void>((done) => writable.write(text, () => done())), 'the callback');
    }
    await new Promise<void>((done) => writable.end(done));
  });

  test('a transform of the child, and one of the parent', async () => {
    const upper = await proxy.upperCase();
    const result = collect(upper);
    upper.write('ab');
    upper.end('c');
    expect(Buffer.concat((await result) as Buffer[]).toString()).toBe('ABC!');
    let text = '';
    await pipeline(bytesOf('de', 'f'), await proxy.upperCase(), async (source: AsyncIterable<Buffer>) => {
      for await (const chunk of source) text += String(chunk);
    });
    expect(text).toBe('DEF!');
    const doubling = new Transform({
      transform: (chunk, _encoding, done) => done(null, `${String(chunk)}${String(chunk)}`),
    });
    expect(await proxy.converse(doubling, 'hey')).toBe('heyhey');
    expect(await proxy.converse(new PassThrough(), '')).toBe('');
  });

  test('a stream goes through the child and back', async () => {
    const output = await proxy.through(Readable.from(pieces(1_000_000, 10_000), { objectMode: false }));
    expect(hashOf((await collect(output)) as Buffer[])).toBe(hashOf(pieces(1_000_000, 10_000)));
  });

  test('two at once do not mix', async () => {
    const [first, second] = await Promise.all([proxy.bytes(2_000_000, 999), proxy.bytes(2_000_000, 65_537)]);
    const hashes = await Promise.all([proxy.hash(first), proxy.hash(second)]);
    expect(hashes).toEqual([hashOf(pieces(2_000_000, 999)), hashOf(pieces(2_000_000, 65_537))]);
  });

  test('from one child to another, in another mode', async () => {
    const other = await streaming({ serialization: serialization === 'json' ? 'advanced' : 'json' });
    expect(await other.hash(await proxy.bytes(3_000_000))).toBe(hashOf(pieces(3_000_000, 65_536)));
    await pipeline(await proxy.bytes(100_000), await other.echo(), new PassThrough().resume());
    await untilNoneOpen(other, true);
    await other.$terminate();
  });

  test('a stream that was already passed is refused, and loses no data', async () => {
    const source = Readable.from(pieces(100_000, 1000), { objectMode: false });
    const first = proxy.hash(source);
    expect(await failure(proxy.hash(source))).toBeInstanceOf(SerializationError);
    expect(await first).toBe(hashOf(pieces(100_000, 1000)));
  });

  test('a stream that has ended, failed or been destroyed before it crosses', async () => {
    expect(await outcomeOf(await proxy.spent('ended'))).toEqual({ items: [] });
    expect((await outcomeOf(await proxy.spent('failed'))).error).toMatchObject({ message: 'before it was asked' });
    expect((await outcomeOf(await proxy.spent('destroyed'))).error).toMatchObject({
      code: 'ERR_STREAM_PREMATURE_CLOSE',
    });
    const mine = bytesOf('x');
    mine.destroy();
    expect(await failure(proxy.collect(mine))).toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
  });

  test('files are read and written', async () => {
    const [source, copy, back] = ['source', 'copy', 'back'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    const content = randomBytes(3_000_000);
    writeFileSync(source, content);
    await pipeline(createReadStream(source), await proxy.writeFile(copy));
    expect(readFileSync(copy).equals(content)).toBe(true);
    await pipeline(await proxy.readFile(copy), createWriteStream(back));
    expect(readFileSync(back).equals(content)).toBe(true);
    expect(await proxy.hash(createReadStream(source))).toBe(hashOf([content]));
    expect((await outcomeOf(await proxy.readFile(join(folder, 'none')))).error).toMatchObject({ code: 'ENOENT' });
  });
});
