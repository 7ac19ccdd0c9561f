import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ChildCrashedError, procxy } from 'procxy';
import { Bursting } from '../fixtures/bursting.js';

const module = '../fixtures/bursting.js';
const numbers = (length: number): number[] => Array.from({ length }, (_, index) => index);

describe.each(['json', 'advanced'] as const)('a burst of messages, in %s mode', (serialization) => {
  test('arrives in the order in which it was sent: callbacks and events alike', async () => {
    await using bursting = await procxy(Bursting, module, { serialization, enableCallbacks: true });
    const arrived: unknown[] = [];
    bursting.on('reported', (n) => arrived.push(`event ${n}`));
    const result = await bursting.report(3000, (n) => void arrived.push(`callback ${n}`));
    expect(arrived).toEqual(numbers(result).flatMap((n) => [`callback ${n}`, `event ${n}`]));
  });

  test('keeps each value as it was when it was sent, although it changes in the same turn', async () => {
    await using bursting = await procxy(Bursting, module, { serialization });
    const value = { n: 0, list: [0], deep: { n: 0 } };
    const results = numbers(100).map((n) => {
      Object.assign(value, { n, deep: { n } });
      value.list[0] = n;
      return bursting.echo(value);
    });
    Object.assign(value, { n: -1, deep: { n: -1 } });
    expect(await Promise.all(results)).toEqual(numbers(100).map((n) => ({ n, list: [n], deep: { n } })));
  });

  test('carries properties that are at least as new as the result', async () => {
    await using bursting = await procxy(Bursting, module, { serialization });
    const seen = await Promise.all(
      numbers(500).map(() => bursting.increment().then((count) => bursting.count >= Number(count))),
    );
    expect(seen).toEqual(numbers(500).map(() => true));
    expect(bursting.count).toBe(500);
  });

  test('fails only for values that cannot cross', async () => {
    await using bursting = await procxy(Bursting, module, { serialization });
    const outcomes = await Promise.allSettled(numbers(50).map((n) => bursting.echo(n % 10 === 7 ? Symbol('no') : n)));
    expect(outcomes.map(({ status }) => status)).toEqual(
      numbers(50).map((n) => (n % 10 === 7 ? 'rejected' : 'fulfilled')),
    );
  });

  test('arrives even though the child ends in the same turn, and so does its last event', async () => {
    await using bursting = await procxy(Bursting, module, { serialization });
    const arrived: unknown[] = [];
    bursting.on('reported', (n) => arrived.push(n));
    await bursting.emitAndExit(1000);
    await bursting.$exited;
    expect(arrived).toEqual([...numbers(1000), 'last']);
  });

  test('arrives even though the child dies of an error in the same turn', async () => {
    await using bursting = await procxy(Bursting, module, { serialization, stdio: 'ignore' });
    const arrived: unknown[] = [];
    bursting.on('reported', (n) => arrived.push(n));
    await bursting.emitAndThrow(1000);
    await bursting.$exited;
    expect(arrived).toEqual(numbers(1000));
    const error = (await Promise.resolve(bursting.echo(1)).catch((reason: unknown) => reason)) as ChildCrashedError;
    expect(error).toBeInstanceOf(ChildCrashedError);
    expect(error.cause).toMatchObject({ message: 'after the burst' });
  });
});

test('in advanced mode, bytes also arrive as they were at the time of the call', async () => {
  await using bursting = await procxy(Bursting, module, { serialization: 'advanced' });
  const bytes = new Uint8Array(8);
  const results = numbers(50).map((n) => bursting.echo({ bytes: bytes.fill(n) }));
  bytes.fill(255);
  const first = (await Promise.all(results)).map((result) => (result as { bytes: Uint8Array }).bytes[0]);
  expect(first).toEqual(numbers(50));
});

test('in advanced mode, a yielded value arrives as it was when it was yielded', async () => {
  await using bursting = await procxy(Bursting, module, { serialization: 'advanced' });
  const seen: number[] = [];
  for await (const { bytes } of await bursting.refill(200)) seen.push(Number(bytes[0]));
  expect(seen).toEqual(numbers(200));
});

test('a callback arrives while the computation that follows it runs', async () => {
  await using bursting = await procxy(Bursting, module, { enableCallbacks: true });
  const folder = mkdtempSync(join(tmpdir(), 'procxy-batches-'));
  const file = join(folder, 'arrived');
  expect(await bursting.reportAndBlock(file, () => writeFileSync(file, ''))).toBe(true);
  rmSync(folder, { recursive: true });
});

test('a getter among the arguments may call the proxy: its call is sent after', async () => {
  await using bursting = await procxy(Bursting, module, { enableCallbacks: true });
  const inner: Promise<unknown>[] = [];
  const value = {
    first: () => 1,
    get second() {
      inner.push(bursting.forget(() => 2));
      return 2;
    },
  };
  const echoed = (await bursting.echo(value)) as unknown as { first: () => Promise<number>; second: number };
  expect(await echoed.first()).toBe(1);
  expect(echoed.second).toBe(2);
  expect(await Promise.all(inner)).toEqual(['forgotten']);
});

test('more functions than the limit in a burst: functions that are not kept make room for the others', async () => {
  await using bursting = await procxy(Bursting, module, { enableCallbacks: true, maxCallbacks: 100 });
  const results = await Promise.all(numbers(550).map((n) => bursting.forget(() => n)));
  expect(results).toEqual(numbers(550).map(() => 'forgotten'));
});
