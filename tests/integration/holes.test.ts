import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, sync, type ProcxyControls } from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { settings, within } from '../support/streams.js';

const module = '../fixtures/elsewhere.js';

interface Remote extends ProcxyControls<Elsewhere> {
  echo(value: unknown): Promise<unknown>;
  map(items: unknown[], fn: unknown): Promise<unknown[]>;
}

/** More holes than a reader of untrusted bytes makes room for. */
function holes(): unknown[] {
  const array: unknown[] = [1];
  array.length = 2 ** 32 - 1;
  return array;
}

describe.each(settings)('an array of holes, in $serialization mode on the channel $channel', (options) => {
  let proxy: Remote;
  beforeAll(async () => {
    proxy = (await procxy(Elsewhere, module, { ...options, enableCallbacks: true }, 'x')) as unknown as Remote;
  });
  afterAll(() => proxy.$terminate());

  /** It crosses as it is, or is refused; the child goes on. */
  async function tryTo(action: () => Promise<unknown>): Promise<void> {
    const outcome = await within(
      action().then(
        () => 'it crossed',
        (error: Error) => error.name,
      ),
      'the call',
    );
    expect(['it crossed', 'SerializationError']).toContain(outcome);
    expect(await proxy.echo('alive')).toBe('alive');
  }

  test('does not end a child: as an argument, within one, and as the result of a function', async () => {
    await tryTo(() => proxy.echo(holes()));
    await tryTo(() => proxy.echo({ list: [new Error('x', { cause: { list: holes() } })] }));
    await tryTo(() => proxy.map([1], () => holes()));
    await tryTo(() =>
      proxy.map(
        [1],
        sync(() => holes()),
      ),
    );
    await tryTo(() =>
      proxy.map([1], () => {
        throw holes();
      }),
    );
  });
});
