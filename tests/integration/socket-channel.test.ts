import net from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ChildCrashedError,
  OptionsValidationError,
  procxy,
  ProtocolError,
  sync,
  TerminatedError,
  type ProcxyOptions,
} from 'procxy';
import { Elsewhere } from '../fixtures/elsewhere.js';
import { runScript } from '../support/scripts.js';

const module = '../fixtures/elsewhere.js';
const url = JSON.stringify(new URL(module, import.meta.url).href);
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

type Method = (...args: unknown[]) => Promise<unknown>;

/** Typed by hand, since these tests do more than the types allow. */
interface Remote {
  runtime: Method;
  echo: Method;
  sort: Method;
  exit: Method;
  writeGarbage: Method;
  $exited: Promise<object>;
  $terminate(): Promise<void>;
}

/** Raw bytes on the descriptor of the channel, which is the first after the standard streams. */
const CHANNEL = 3;

afterEach(() => procxy.warm(0, { channel: 'socket' }));

test("with `channel: 'socket'`, blank lines and byte order marks between messages are passed over", async () => {
  const remote = (await procxy(Elsewhere, module, { channel: 'socket' }, 'x')) as unknown as Remote;
  const open = ['\n', ' \r\n', '\ufeff'].map((bytes) => outcome(remote.writeGarbage(CHANNEL, [...Buffer.from(bytes)])));
  // Written before the answer to this call, so that a message follows the byte order mark.
  expect(await remote.echo('x')).toBe('x');
  expect(await remote.echo('y')).toBe('y');
  await remote.$terminate();
  for (const error of await Promise.all(open)) expect(error).toBeInstanceOf(TerminatedError);
});

describe.each(['json', 'advanced'] as const)("{ channel: 'socket' }, in %s mode", (serialization) => {
  const options = { channel: 'socket', serialization, enableCallbacks: true } satisfies ProcxyOptions;
  // The methods accept more than their types say.
  const start = async (more: ProcxyOptions = {}): Promise<Remote> =>
    (await procxy(Elsewhere, module, { ...options, ...more }, 'x')) as unknown as Remote;

  test('a child that dies in the middle of a message has crashed, and sent no garbage', async () => {
    const remote = await start({ stdio: 'ignore' });
    const half = serialization === 'json' ? Buffer.from('{"type":"call-res') : Buffer.from([100, 0, 0, 0, 255, 15]);
    const open = [outcome(remote.writeGarbage(CHANNEL, [...half])), outcome(remote.exit(3))];
    for (const error of await Promise.all(open)) {
      expect(error).toBeInstanceOf(ChildCrashedError);
      expect(error).toMatchObject({ exitCode: 3 });
    }
  });

  test('$process emits messages, as with fork()', async () => {
    await using remote = await procxy(Elsewhere, module, options, 'x');
    const seen: unknown[] = [];
    remote.$process.on('message', (message) => seen.push(message));
    expect(await remote.echo(1)).toBe(1);
    expect(seen).toEqual([{ type: 'call-result', callId: 3, result: 'success', value: 1 }]);
    expect(remote.$process.connected).toBe(true);
    expect(await remote.variables()).toEqual([]);
  });

  test('sync() works', async () => {
    const remote = await start();
    expect(
      await remote.sort(
        [3, 1, 2],
        sync((a: number, b: number) => a - b),
      ),
    ).toEqual([1, 2, 3]);
    await remote.$terminate();
  });

  const garbage: Record<string, string | number[]> =
    serialization === 'json'
      ? {
          'a line that is not JSON': 'this is no message\n',
          'what is no UTF-8': [0x22, 0xff, 0xfe, 0x22, 0x0a],
          'a message without its fields': '{"type":"call-result"}\n',
          'a result of no call': '{"type":"call-result","callId":99,"result":"success"}\n',
        }
      : {
          'a frame beyond all limits': [0xff, 0xff, 0xff, 0xff, 1, 2, 3],
          'a frame of nonsense': [4, 0, 0, 0, 0xde, 0xad, 0xbe, 0xef],
          // `v8.serialize` of an array of four thousand million.
          'a frame that promises too much': [8, 0, 0, 0, 0xff, 0x0f, 0x41, 0xff, 0xff, 0xff, 0xff, 0x0f],
          'an empty frame': [0, 0, 0, 0],
        };

  test.each(Object.entries(garbage))(
    '%s ends the child with a ProtocolError, and affects nothing else',
    async (_, bytes) => {
      const neighbour = await start();
      const remote = await start({ stdio: 'ignore' });
      const error = await outcome(remote.writeGarbage(CHANNEL, bytes));
      expect(error).toBeInstanceOf(ProtocolError);
      expect((error as Error).message).toMatch(/^writeGarbage\(\): ./);
      // Killed, or by itself when it saw the channel closed.
      expect(await remote.$exited).toBeDefined();
      expect(await neighbour.echo('fine')).toBe('fine');
      await neighbour.$terminate();
    },
  );

  test('a message that is cut off by the end of the child is reported as the end', async () => {
    const remote = await start({ stdio: 'ignore' });
    const cut = remote.writeGarbage(CHANNEL, serialization === 'json' ? '{"type":"call-res' : [200, 0, 0, 0, 1]);
    cut.catch(() => {});
    setTimeout(() => void outcome(remote.exit(5)), 100);
    const error = await outcome(cut);
    expect(error).toSatisfy((reason) => reason instanceof ProtocolError || reason instanceof ChildCrashedError);
  });

  test('a child is started ahead with it', async () => {
    await procxy.warm(1, options);
    const remote = await start();
    expect(await remote.runtime()).toBe('node');
    await remote.$terminate();
    await procxy.warm(0, options);
  });
});

test('in advanced mode, bytes of any size cross as they were at the time of the call', async () => {
  await using remote = await procxy(Elsewhere, module, { channel: 'socket', serialization: 'advanced' }, 'x');
  const large = Buffer.alloc(20_000_000, 7);
  const answer = remote.echo(large);
  large.fill(0);
  const echoed = (await answer) as unknown as Buffer;
  expect(echoed.length).toBe(20_000_000);
  expect(echoed.every((byte) => byte === 7)).toBe(true);
  const shared = { map: new Map([[1, new Date(0)]]), big: 2n };
  expect(await remote.echo([shared, shared])).toEqual([shared, shared]);
});

test('an idle proxy lets the parent end, and a pending call does not', async () => {
  const script = (code: string): Promise<unknown> =>
    runScript(`
      const { Elsewhere } = await import(${url});
      const remote = await procxy(Elsewhere, ${url}, { channel: 'socket' }, 'x');
      ${code}
    `);
  expect(await script('')).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await script('remote.echo(1).then(console.log)')).toMatchObject({ code: 0, stdout: '1\n', stderr: '' });
});

test('handles and unknown values are refused', async () => {
  const handles = outcome(procxy(Elsewhere, module, { channel: 'socket', supportHandles: true }, 'x'));
  expect(((await handles) as Error).message).toMatch(/supportHandles.*needs \{ channel: 'ipc' \}/);
  expect(await outcome(procxy(Elsewhere, module, { channel: 'pipe' as 'ipc' }, 'x'))).toBeInstanceOf(
    OptionsValidationError,
  );
  await using remote = await procxy(Elsewhere, module, { channel: 'socket' }, 'x');
  expect(await outcome(remote.echo(new net.Socket()))).toMatchObject({ name: 'SerializationError' });
});

test('an executable that does not exist is a ChildCrashedError', async () => {
  const error = await outcome(procxy(Elsewhere, module, { channel: 'socket', execPath: '/nowhere/node' }, 'x'));
  expect(error).toBeInstanceOf(ChildCrashedError);
  expect((error as Error).message).toMatch(/could not be started/);
});
