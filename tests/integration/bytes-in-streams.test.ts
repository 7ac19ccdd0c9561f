import { PassThrough, Readable, Writable, type Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type ProcxyControls } from 'procxy';
import { describe as described, GivingBytes } from '../fixtures/giving-bytes.js';
import { collect, failure, settings, untilNoneOpen } from '../support/streams.js';

const module = '../fixtures/giving-bytes.js';
const kinds = ['generator', 'asynchronous', 'readable', 'transform', 'web'] as const;

interface RemoteGivingBytes extends ProcxyControls<GivingBytes> {
  give(kind: (typeof kinds)[number]): Promise<AsyncIterable<unknown>>;
  objects(): Promise<Duplex>;
  returning(): Promise<AsyncGenerator<unknown>>;
  hearing(): Promise<AsyncGenerator<unknown, unknown, unknown>>;
  objectWriter(): Promise<Writable>;
  webWriter(): Promise<WritableStream>;
  whatWasTaken(): Promise<unknown[]>;
  describeAll(items: unknown): Promise<string[]>;
}

const items = ['Buffer 6120627566666572', 'Uint8Array 0102ff', 'ArrayBuffer 0001', 'Buffer ', '"text"', '{"a":1}'];
/** Chunks of bytes in web streams arrive as Uint8Arrays. */
const webItems = items.map((item) => item.replace('Buffer ', 'Uint8Array ').replace('ArrayUint8Array', 'ArrayBuffer'));

describe.each(settings)('in $serialization mode on the channel $channel', (options) => {
  let proxy: RemoteGivingBytes;
  beforeAll(async () => {
    proxy = (await procxy(GivingBytes, module, options)) as unknown as RemoteGivingBytes;
  });
  afterEach(() => untilNoneOpen(proxy));
  afterAll(() => proxy.$terminate());

  /** The same kinds of streams, made in this process. */
  const local = new GivingBytes();

  for (const kind of kinds) {
    const expected = kind === 'web' ? webItems : items;
    test(`bytes arrive from the child, by way of ${kind}`, async () => {
      expect((await collect(await proxy.give(kind))).map(described)).toEqual(expected);
    });
    test(`bytes arrive in the child, by way of ${kind}`, async () => {
      expect(await proxy.describeAll(local.give(kind))).toEqual(expected);
    });
  }

  test('many large chunks of bytes arrive, through a Duplex in object mode and back', async () => {
    const sent = Array.from({ length: 40 }, (_, n) => Buffer.alloc(100_000, n));
    const back: Buffer[] = [];
    const writer = new Writable({
      objectMode: true,
      write(chunk: Buffer, _encoding, done) {
        back.push(chunk);
        done();
      },
    });
    await pipeline(Readable.from(sent), await proxy.objects(), new PassThrough({ objectMode: true }), writer);
    expect(back.length).toBe(40);
    expect(Buffer.concat(back).equals(Buffer.concat(sent))).toBe(true);
  });

  test('written bytes arrive, in a Writable in object mode and in a web stream', async () => {
    await pipeline(local.give('readable') as Readable, await proxy.objectWriter());
    expect(await proxy.whatWasTaken()).toEqual(items);
    await (local.give('web') as ReadableStream).pipeTo(await proxy.webWriter());
    expect(await proxy.whatWasTaken()).toEqual(webItems);
  });

  test('the result of a generator and the value of next() may be bytes', async () => {
    const returning = await proxy.returning();
    await returning.next();
    expect(await returning.next()).toEqual({ done: true, value: Buffer.from('the end') });
    const hearing = await proxy.hearing();
    await hearing.next();
    await hearing.next(Buffer.from('hi'));
    expect(await hearing.next(new Uint8Array([7]))).toEqual({
      done: true,
      value: ['Buffer 6869', 'Uint8Array 07'],
    });
  });
});

test('bytes within an item are refused in JSON mode, with their path', async () => {
  await using proxy = await procxy(GivingBytes, module);
  const nested = [{ data: Buffer.from('x') }].values();
  const error = await failure((proxy as unknown as RemoteGivingBytes).describeAll(nested));
  expect(error).toBeInstanceOf(SerializationError);
  expect(error).toMatchObject({ path: 'item.data' });
});
