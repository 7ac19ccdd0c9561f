import { once } from 'node:events';
import net from 'node:net';
import { describe, expect, test } from 'vitest';
import { sync } from 'procxy';
import { rejectionOf, startFunctionUser, type RemoteFunctionUser } from '../support/function-user.js';
import { startSyncUser } from '../support/sync-user.js';

describe.each(['json', 'advanced'] as const)('the two ways to a waiting child agree, in %s mode', (serialization) => {
  test('on the number of functions: nothing is collected while the child waits, but afterwards', async () => {
    await using user = await startSyncUser({ serialization, maxCallbacks: 100 });
    const take = sync((fn: unknown) => typeof fn);
    expect(await rejectionOf(user.sendFunctions(take, 300))).toMatchObject({ name: 'CallbackLimitError' });
    await roomIn(user, 'child');
    expect(await user.sendFunctions(take, 50)).toBe(50);
    const outcomes = await user.attemptOften(
      sync((n: number) => () => n),
      300,
    );
    expect(outcomes).toHaveLength(300);
    expect(outcomes).toContain('CallbackLimitError');
    await roomIn(user, 'parent');
    expect(await user.attempt(sync(() => 1))).toEqual({ value: 1 });
  });

  test('on streams in the arguments and the result', async () => {
    await using user = await startSyncUser({ serialization });
    async function* items(): AsyncGenerator<number> {
      yield* [1, 2];
    }
    const taken: unknown[] = [];
    const pass = sync((given: AsyncIterable<number>) => {
      taken.push(given);
      return items();
    });
    const { value } = (await user.attempt(pass as never, items())) as unknown as { value: AsyncIterable<number> };
    for (const iterable of [value, taken[0] as AsyncIterable<number>]) {
      const found: number[] = [];
      for await (const item of iterable) found.push(item);
      expect(found).toEqual([1, 2]);
    }
  });

  test('on released functions: one is released within the function, and its result takes its place', async () => {
    await using user = await startSyncUser({ serialization, maxCallbacks: 2 });
    const first = (): number => 1;
    await user.keep(first);
    const replace = sync(() => {
      expect(user.$releaseCallback(first)).toBe(true);
      return (n: number) => n;
    });
    const [given] = await user.call(replace);
    expect(await user.describe(given)).toEqual(['', 1]);
  });

  test('on earlier messages, also after sockets were passed', async () => {
    await using user = await startSyncUser({ serialization, supportHandles: true });
    const server = net.createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as net.AddressInfo;
    await user.giveSockets((socket: net.Socket) => void socket.destroy(), port, 20);
    let notes = 0;
    const asked = await user.noteAndAsk(
      () => void notes++,
      sync(() => notes),
      10,
      600,
    );
    server.close();
    expect(asked).toHaveLength(600);
    expect(asked.filter((seen, round) => seen !== (round + 1) * 10)).toEqual([]);
  });
});

describe.each(['json', 'advanced'] as const)('callbacks and the life of an instance, in %s mode', (serialization) => {
  test('a constructor may await a callback', async () => {
    const answered = sync((text: string) => `${text}, the parent says`);
    await using user = await startFunctionUser({ serialization }, { onConstructed: answered });
    expect(user.answer).toBe('constructed, the parent says');
    const failing = startFunctionUser(
      { serialization },
      {
        onConstructed: sync(() => {
          throw new RangeError('not today');
        }),
      },
    );
    await expect(failing).rejects.toThrow(RangeError);
  });

  test('a dispose hook may call them, although the proxy accepts no more calls', async () => {
    const heard: string[] = [];
    const onDisposing = [(text: string) => heard.push(text), sync((text: string) => heard.push(`${text} in sync`))];
    const user = await startFunctionUser({ serialization }, { onDisposing });
    await user.$terminate();
    expect(heard).toEqual(['disposing', 'disposing in sync']);
    expect(await user.$exited).toEqual({ code: 0, signal: null });
  });

  test('a callback sees the properties as they are when it is called', async () => {
    await using user = await startFunctionUser({ serialization });
    expect(await user.countAndCall(() => user.counted)).toEqual({ seen: 1 });
    expect(await user.countAndCall(sync(() => user.counted))).toEqual({ seen: 2 });
  });

  test('a callback may call the child, which may call another, and so on', async () => {
    await using user = await startFunctionUser({ serialization });
    const descend = (n: number): unknown => (n === 0 ? 'the bottom' : user.call(descend, n - 1));
    expect(await user.call(descend, 20)).toBe('the bottom');
  });

  test('a callback may end the proxy', async () => {
    const user: RemoteFunctionUser = await startFunctionUser({ serialization });
    await expect(user.call(() => user.$terminate())).rejects.toMatchObject({ name: 'TerminatedError' });
    expect(await user.$exited).toEqual({ code: 0, signal: null });
  });
});

/** Resolves when the other side has given back functions of this one. */
async function roomIn(user: Pick<RemoteFunctionUser, '$stats'>, side: 'parent' | 'child'): Promise<void> {
  while ((await user.$stats())[side].exportedFunctions > 50) await new Promise((resolve) => setTimeout(resolve, 20));
}
