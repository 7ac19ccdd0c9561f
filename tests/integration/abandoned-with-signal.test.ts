import { expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Streaming } from '../fixtures/streaming.js';
import { failure, openStreams, untilNoneOpen } from '../support/streams.js';

const module = '../fixtures/streaming.js';

test('a collected stream or iterator is ended, even if the signal of its call still exists', async () => {
  await using proxy = await procxy(Streaming, module);
  const { signal } = new AbortController();
  await (async () => {
    for (let n = 0; n < 5; n++) {
      const items = (await proxy.$with({ signal }).producing('generator')) as AsyncGenerator<unknown>;
      await items.next();
      await proxy.$with({ signal }).bytes(10_000_000);
    }
  })();
  expect(await openStreams(proxy)).toEqual([10, 10]);
  await untilNoneOpen(proxy, true);
  expect(signal.aborted).toBe(false);
});

test('a Node stream is destroyed as by addAbortSignal()', async () => {
  await using proxy = await procxy(Streaming, module);
  const controller = new AbortController();
  const stream = await proxy.$with({ signal: controller.signal }).bytes(10_000_000);
  const read = failure(stream.toArray());
  controller.abort(new Error('enough'));
  expect(await read).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: { message: 'enough' } });
  await untilNoneOpen(proxy);
});
