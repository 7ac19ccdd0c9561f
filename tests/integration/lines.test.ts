import { createReadStream, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type ProcxyControls } from 'procxy';
import { announcing, LineReader } from '../fixtures/line-reader.js';
import { busy, collect, failure, settings, sleep, untilNoneOpen, within } from '../support/streams.js';

const module = '../fixtures/line-reader.js';
const path = fileURLToPath(new URL(module, import.meta.url));
const lines = readFileSync(path, 'utf8').trimEnd().split('\n');

type Items = Promise<AsyncIterable<unknown>> & AsyncIterable<unknown>;

interface RemoteLineReader extends ProcxyControls<LineReader> {
  interface(path: string): Items;
  readLines(path: string): Items;
  announced(): Items;
  unusable(): Items;
  collect(items: AsyncIterable<unknown>): Promise<unknown[]>;
}

/** Items that come unasked are not lost on the way between two processes, however busy these are. */
describe.each(settings)('in $serialization mode on the channel $channel', (options) => {
  let proxy: RemoteLineReader;
  beforeAll(async () => {
    proxy = (await procxy(LineReader, module, options)) as unknown as RemoteLineReader;
  });
  afterEach(() => untilNoneOpen(proxy, true));
  afterAll(() => proxy.$terminate());

  test.each(['interface', 'readLines'] as const)('every line of %s() arrives at a busy parent', async (name) => {
    const items = proxy[name](path);
    busy(100);
    expect(await within(collect(items), 'the lines')).toEqual(lines);
  });

  test('every line arrives if the lines are read later', async () => {
    const items = await proxy.interface(path);
    await sleep(50);
    expect(await within(collect(items), 'the lines')).toEqual(lines);
  });

  test('every line arrives at a busy child', async () => {
    const items = createInterface(createReadStream(path));
    expect(await within(proxy.collect(items), 'the lines')).toEqual(lines);
  });

  test('items that are emitted before they are read arrive', async () => {
    const items = proxy.announced();
    busy(50);
    expect(await within(collect(items), 'the items')).toEqual(['a', 'b']);
    expect(await within(proxy.collect(announcing(['c'], 5)), 'the items')).toEqual(['c']);
  });

  test('an iterable that cannot make an iterator fails when it is read', async () => {
    expect(await failure(collect(proxy.unusable()))).toMatchObject({
      name: 'RangeError',
      message: 'it makes no iterator',
    });
    await proxy.unusable();
  });
});
