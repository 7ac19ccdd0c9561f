import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ChildCrashedError, sync, type SerializationMode } from 'procxy';
import { startUnwritable, type Kind, type RemoteUnwritable } from '../support/unwritable-user.js';
import { cases, failure, last, make, warning } from '../support/unwritable-cases.js';
import { times } from '../support/thorough.js';
import { eventually } from '../support/eventually.js';

const kinds: Record<SerializationMode, Kind[]> = {
  // It reads a value once, and sends the copy.
  json: ['detached', 'detachedView', 'deep', 'getter', 'trap', 'revoked', 'toJson'],
  // `toJSON` is a method like any other there.
  advanced: ['detached', 'detachedView', 'deep', 'getter', 'fickle', 'trap', 'revoked'],
};
const everywhere = (['json', 'advanced'] as const).flatMap((serialization) =>
  (['ipc', 'socket'] as const).map((channel) => ({ serialization, channel })),
);

const ignore = (): void => {};

describe.each(everywhere)('in $serialization mode, channel $channel, a value that cannot be sent', (options) => {
  let proxy: RemoteUnwritable;
  beforeAll(async () => {
    proxy = await startUnwritable(options);
  });
  afterAll(() => proxy.$terminate());

  /** Checks that both processes still work, and that nothing is open. */
  async function expectNothingOpen(): Promise<void> {
    const none = { pendingCalls: 0, servedCalls: 0, openStreams: 0, subscriptions: 0 };
    await eventually(async () => expect(await proxy.$stats()).toMatchObject({ parent: none, child: none }));
    expect(await proxy.ping()).toBe('pong');
  }

  describe.each(cases)('as $message', ({ root, subject, except, run }) => {
    test.each(kinds[options.serialization].filter((kind) => kind !== except))('%s', async (kind) => {
      const told = await run(proxy, kind);
      expect(told).toMatchObject({ name: 'SerializationError' });
      expect(told?.path).toSatisfy((path: string) => path.startsWith(`${root}.x`));
      if (subject !== undefined) expect(told?.message).toContain(`${subject}: ${root}.x`);
      await expectNothingOpen();
    });
  });

  describe('an error whose properties cannot be read arrives as an error', () => {
    const isError = expect.objectContaining({ name: 'Error', message: '' }) as unknown;
    const fail = (): never => {
      throw make('error');
    };

    test('as the outcome of a call', async () => {
      expect(await failure(() => proxy.thrown('error'))).toEqual(isError);
      expect(await failure(() => proxy.rejected('error'))).toEqual(isError);
      expect(await proxy.result('error')).toEqual(isError);
    });

    test('as the outcome of a callback, also of one for which the child blocks', async () => {
      expect(await proxy.ask(fail)).toEqual(isError);
      expect(await proxy.ask(sync(fail))).toEqual(isError);
    });

    test('at the end of a stream', async () => {
      expect(await failure(() => last(proxy.throws('error')))).toEqual(isError);
    });

    test('as the reason of a signal', async () => {
      expect(await proxy.heardReason(AbortSignal.abort(make('error')))).toEqual(isError);
    });

    test('as the reason why an event did not arrive', async () => {
      const told = warning();
      proxy.on('refused error', ignore);
      proxy.off('refused error', ignore);
      expect((await told).message).toMatch("The event 'refused error' did not arrive.");
    });

    afterAll(expectNothingOpen);
  });

  test('in a burst, only its own message fails', async () => {
    const bad = options.serialization === 'json' ? 'getter' : 'fickle';
    const calls = Array.from({ length: 60 }, (_, n) => (n % 7 === 3 ? failure(() => proxy.result(bad)) : proxy.ping()));
    const results = await Promise.all(calls);
    for (const [n, result] of results.entries()) {
      expect(result).toEqual(n % 7 === 3 ? expect.objectContaining({ path: 'result.x' }) : 'pong');
    }
    await expectNothingOpen();
  });

  test.each(['detached', 'deep', 'getter', 'trap', 'error'] as const)('as last words: %s', async (kind) => {
    const mortal = await startUnwritable({ ...options, stdio: 'ignore' });
    const crash = (await failure(() => mortal.die(kind))) as ChildCrashedError;
    expect(crash).toBeInstanceOf(ChildCrashedError);
    if (kind === 'error') expect(crash.cause).toMatchObject({ name: 'Error', message: '' });
    else
      expect(crash.cause).toMatchObject({
        name: 'SerializationError',
        path: expect.stringMatching(/^error\.x/) as unknown,
      });
  });
});

describe.each(['json', 'advanced'] as const)('in %s mode', (serialization) => {
  test('a value that a property holds is a PropertyError, and a rejection of $get()', async () => {
    await using proxy = await startUnwritable({ serialization });
    await proxy.hold('getter');
    expect(() => proxy.held).toThrow(/The property held is not mirrored: x is an accessor/);
    expect(await failure(() => proxy.$get('held'))).toMatchObject({ name: 'SerializationError', path: 'result.x' });
    expect(await proxy.ping()).toBe('pong');
  });

  test('an argument of the constructor rejects the start', async () => {
    const start = (): unknown => startUnwritable({ serialization }, make('detached'));
    expect(await failure(start)).toMatchObject({ name: 'SerializationError', path: 'args[0].x' });
  });
});

// JSON.stringify() takes seconds before it fails.
test.each(Array.from({ length: times(0, 1) }))('600 MB of text are a SerializationError in JSON mode', async () => {
  await using proxy = await startUnwritable({ timeout: 0 });
  const refusal = { name: 'SerializationError', path: 'result.x' };
  expect(await failure(() => proxy.result('large'))).toMatchObject(refusal);
  expect(await failure(() => proxy.take(make('large')))).toMatchObject({ ...refusal, path: 'args[0].x' });
  expect(await proxy.ping()).toBe('pong');
});
