import { describe, expect, test } from 'vitest';
import { procxy, ProtocolError } from 'procxy';
import { Faulty } from '../fixtures/faulty-streams.js';
import { kill, killed, until } from '../support/processes.js';

const module = '../fixtures/faulty-streams.js';
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe('a stream that is not read', () => {
  test('a Writable that arrives too late has no effect', async () => {
    await using faulty = await procxy(Faulty, module);
    expect(await outcome(faulty.$with({ timeout: 100 }).lateWritable(2500))).toMatchObject({ name: 'TimeoutError' });
    await new Promise((resolve) => setTimeout(resolve, 2600));
    expect(await faulty.ping()).toBe('pong');
  });
});

describe('a generator whose finally throws', () => {
  function* throwing(): Generator<number> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      // eslint-disable-next-line no-unsafe-finally
      throw new Error('finally failed');
    }
  }

  test('does not keep $terminate() from ending the child', async () => {
    const faulty = await procxy(Faulty, module);
    expect(await faulty.takeTwoAndHold(throwing() as never)).toEqual([0, 1]);
    await faulty.$terminate();
    expect(await faulty.$exited).toBeDefined();
  });

  test('has no effect when the child dies', async () => {
    const faulty = await procxy(Faulty, module);
    expect(await faulty.takeTwoAndHold(throwing() as never)).toEqual([0, 1]);
    kill(faulty);
    expect(await faulty.$exited).toMatchObject(killed.exited);
  });
});

test('a child that asks for items without limit is ended', async () => {
  await using faulty = await procxy(Faulty, module, { stdio: 'ignore' });
  function* endless(): Generator<number> {
    for (let n = 0; ; n++) yield n;
  }
  expect(await outcome(faulty.askForTooMuch(endless() as never))).toBeInstanceOf(ProtocolError);
  expect(await faulty.$exited).toMatchObject({ signal: 'SIGKILL' });
});

test('a child that sends items where bytes were agreed is ended', async () => {
  await using faulty = await procxy(Faulty, module, { stdio: 'ignore' });
  const bytes = await faulty.bytesAsItems();
  expect(await outcome(bytes.toArray())).toBeInstanceOf(ProtocolError);
  expect(await faulty.$exited).toMatchObject({ signal: 'SIGKILL' });
});

test('a signal that lives on keeps no proxy that is over', async () => {
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const { signal } = new AbortController();
  const proxies: WeakRef<object>[] = [];
  for (let n = 0; n < 3; n++) {
    const faulty = await procxy(Faulty, module);
    await faulty.hear(signal);
    await faulty.$terminate();
    proxies.push(new WeakRef(faulty.$process));
  }
  await until(() => {
    collect();
    return proxies.filter((proxy) => proxy.deref()).length <= 1;
  }, 'the collection of the proxies');
  expect(signal.aborted).toBe(false);
});
