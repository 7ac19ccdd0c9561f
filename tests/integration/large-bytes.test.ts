import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ChannelError, ChildCrashedError, procxy, ProtocolError, sync, type ProcxyOptions } from 'procxy';
import { until } from '../support/processes.js';
import { CarryingBytes } from '../fixtures/carrying-bytes.js';

const module = '../fixtures/carrying-bytes.js';
const LARGE = 2_000_000;

type Method = (...args: unknown[]) => Promise<unknown>;

/** Typed by hand, since these tests do more than the types allow. */
interface Remote {
  echo: Method;
  giveThenChange(length: number): Promise<Buffer>;
  interleave: Method;
  dieAfter: Method;
  closeThenGive: Method;
  sendUnannounced: Method;
  waitFor: Method;
  forge: Method;
  on(event: 'step', listener: (n: number, value: unknown) => void): unknown;
  $terminate(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

describe.each(['ipc', 'socket'] as const)("large bytes beside the messages of channel: '%s'", (channel) => {
  const options = {
    serialization: 'advanced',
    channel,
    enableCallbacks: true,
    stdio: 'ignore',
  } satisfies ProcxyOptions;
  const start = async (): Promise<Remote> => (await procxy(CarryingBytes, module, options)) as unknown as Remote;

  test('arrive as the kind that they were, wherever they are in a value', async () => {
    const remote = await start();
    const random = randomBytes(LARGE);
    const shared = Buffer.from(random);
    const value = {
      list: [shared, shared, random.subarray(8, LARGE - 8)],
      map: new Map([['floats', new Float64Array(LARGE / 8).fill(1.5)]]),
      view: new DataView(random.buffer, random.byteOffset, random.byteLength),
      buffer: new Uint8Array(random).buffer,
      big: new BigUint64Array(LARGE / 8).fill(7n),
      clamped: new Uint8ClampedArray(LARGE).fill(255),
      small: Buffer.from('small'),
    };
    const echoed = (await remote.echo(value)) as typeof value;
    expect(echoed.list.map(hash)).toEqual(value.list.map(hash));
    expect(echoed.list[0]).toBe(echoed.list[1]);
    expect(Buffer.isBuffer(echoed.list[0])).toBe(true);
    expect(echoed.map.get('floats')?.every((each) => each === 1.5)).toBe(true);
    expect(hash(new Uint8Array(echoed.view.buffer, echoed.view.byteOffset, echoed.view.byteLength))).toBe(hash(random));
    expect(hash(new Uint8Array(echoed.buffer))).toBe(hash(random));
    expect(echoed.big.every((each) => each === 7n)).toBe(true);
    expect(echoed.clamped).toBeInstanceOf(Uint8ClampedArray);
    expect(String(echoed.small)).toBe('small');
    await remote.$terminate();
  });

  test('are those of the time of the call or the return, even if their owner changes them afterwards', async () => {
    const remote = await start();
    const calls = Array.from({ length: 12 }, async (_, n) => {
      const bytes = Buffer.alloc(LARGE, n);
      const call = remote.echo(bytes) as Promise<Buffer>;
      bytes.fill(99);
      return (await call).every((byte) => byte === n);
    });
    expect(await Promise.all(calls)).toEqual(Array(12).fill(true));
    expect((await remote.giveThenChange(20_000_000)).every((byte) => byte === 1)).toBe(true);
    await remote.$terminate();
  });

  test('keep their place among calls, callbacks and events', async () => {
    const remote = await start();
    const seen: unknown[] = [];
    const events: unknown[] = [];
    remote.on('step', (n, value) => events.push([n, typeof value === 'number' ? value : (value as Float64Array)[0]]));
    const count = await remote.interleave(30, LARGE, (n: number, value: number | Buffer) => {
      seen.push([n, typeof value === 'number' ? value : value[LARGE - 1]]);
    });
    expect(count).toBe(30);
    const expected = Array.from({ length: 30 }, (_, n) => [n, n]);
    expect(seen).toEqual(expected);
    expect(events).toEqual(expected);
    await remote.$terminate();
  });

  test('in the argument and the result of a function that the child waits for, they are part of the message', async () => {
    const remote = await start();
    const double = sync((bytes: Buffer) => Buffer.concat([bytes, bytes]));
    const doubled = (await remote.waitFor(double, LARGE)) as Buffer;
    expect(doubled).toHaveLength(2 * LARGE);
    expect(doubled.every((byte) => byte === 4)).toBe(true);
    await remote.$terminate();
  });

  test('a child that dies in the middle has crashed, and the call says so', async () => {
    const remote = await start();
    const error = await outcome(remote.dieAfter(200_000_000));
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect((error as Error).message).toContain('SIGKILL');
  });

  test('a child that announces bytes and never sends them harms only itself', async () => {
    const remote = await start();
    const message = {
      type: 'event-emit',
      event: 'step',
      args: [{ __procxy_type: 'large-bytes', value: { id: 5, kind: 'Buffer' } }],
      coded: ['m5'],
    };
    remote.on('step', () => {});
    // Everything waits behind the first one. The second announces the same bytes again.
    const errors = await Promise.all([message, message].map((each) => outcome(remote.forge(each))));
    for (const error of errors) expect(error).toBeInstanceOf(ProtocolError);
  });

  test('a child that closes the socket for bytes and lives on leaves no call waiting', async () => {
    const remote = await start();
    // The standard streams and the channel come before it.
    const error = await outcome(remote.closeThenGive(4, 50_000_000));
    // The child itself refuses the result if it has not opened the socket before.
    const kinds = [ChannelError, ProtocolError, ChildCrashedError];
    expect(error).toSatisfy((reason) => kinds.some((kind) => reason instanceof kind));
  });

  test('a child that dies when it has sent bytes that no message announced leaves no socket open', async () => {
    const sockets = (): number => {
      // It also lists sockets that nobody reads, which leak most easily.
      const { libuv } = process.report.getReport() as { libuv: { type: string }[] };
      return libuv.filter(({ type }) => type === 'pipe').length;
    };
    // What all children share, such as the process that ends them, has sockets too.
    const other = await start();
    const before = sockets();
    const remotes = await Promise.all([start(), start()]);
    const errors = await Promise.all(remotes.map((remote) => outcome(remote.sendUnannounced(4))));
    for (const error of errors) expect(error).toBeInstanceOf(ChildCrashedError);
    await until(() => sockets() <= before, 'all sockets are closed');
    await other.$terminate();
  });

  test.each([
    ['a kind that there is not', { id: 1, kind: 'constructor' }],
    ['no id', { kind: 'Buffer' }],
    ['bytes that were not announced', { id: 1, kind: 'Buffer' }],
  ])('%s is a ProtocolError', async (_what, value) => {
    const remote = await start();
    remote.on('step', () => {});
    await remote.echo(1);
    const args = [{ __procxy_type: 'large-bytes', value }];
    const error = await outcome(remote.forge({ type: 'event-emit', event: 'step', args, coded: true }));
    const later = await outcome(remote.echo(2));
    expect([error, later].some((each) => each instanceof ProtocolError)).toBe(true);
  });
});
