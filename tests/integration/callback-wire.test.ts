import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { countsAfterCollection, none, startFunctionUser, type RemoteFunctionUser } from '../support/function-user.js';
import { until } from '../support/processes.js';

type Message = Record<string, unknown> & { type: string };

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe.each(['json', 'advanced'] as const)('functions on the wire, in %s mode', (serialization) => {
  let user: RemoteFunctionUser;
  let sent: Message[];
  let received: Message[];

  beforeEach(async () => {
    user = await startFunctionUser({ serialization });
    [sent, received] = [[], []];
    const child = user.$process;
    const send = child.send.bind(child) as (...args: unknown[]) => boolean;
    child.send = ((message: Message, ...rest: unknown[]) => {
      sent.push(structuredClone(message));
      return send(message, ...rest);
    }) as typeof child.send;
    // Before the session takes the values apart.
    child.prependListener('message', (message) => received.push(structuredClone(message) as Message));
  });
  afterEach(() => user.$terminate());

  const of = (messages: Message[], type: string): Message[] => messages.filter((message) => message.type === type);
  const only = (messages: Message[], type: string): Message => {
    const [message, ...rest] = of(messages, type);
    if (!message || rest.length > 0) throw new Error(`There are ${of(messages, type).length} of type ${type}`);
    return message;
  };

  const firstIdIn = (message: Message | undefined): string | undefined => (message?.coded as string[] | undefined)?.[0];

  test('a function is a descriptor, and a message lists its functions', async () => {
    function onProgress(_percent: number): void {}
    await user.describe(onProgress);
    const call = only(sent, 'call-invoke');
    const id = (call.coded as string[])[0];
    expect(id).toMatch(uuid);
    expect(call).toEqual({
      type: 'call-invoke',
      callId: 3,
      method: 'describe',
      args: [{ __procxy_callback: id, __procxy_meta: { type: 'function', arity: 1, name: 'onProgress' } }],
      coded: [id],
    });
    await user.describe(onProgress);
    expect(of(sent, 'call-invoke')[1]).toMatchObject({ args: call.args, coded: [id] });
  });

  test('it is invoked and answered', async () => {
    const add = (a: number, b: number): number => a + b;
    await user.call(add, 1, 2);
    const [id] = only(sent, 'call-invoke').coded as string[];
    expect(only(received, 'callback-invoke')).toEqual({
      type: 'callback-invoke',
      callbackId: id,
      args: [1, 2],
      invokeId: 1,
    });
    expect(only(sent, 'callback-result')).toEqual({
      type: 'callback-result',
      invokeId: 1,
      result: 'success',
      value: 3,
    });
  });

  test('an answer without a value, and one with an error', async () => {
    await user.call(() => {});
    expect(only(sent, 'callback-result')).toEqual({ type: 'callback-result', invokeId: 1, result: 'success' });
    sent.length = 0;
    await user.attempt(() => {
      throw new RangeError('wrong');
    });
    const answer = only(sent, 'callback-result');
    expect(answer).toMatchObject({ type: 'callback-result', invokeId: 2, result: 'error', coded: true });
    expect(answer.error).toMatchObject({ __procxy_type: 'error', value: { class: 'RangeError', message: 'wrong' } });
    expect('value' in answer).toBe(false);
  });

  test('it is the same in the other direction', async () => {
    const own = await user.own();
    const result = only(received, 'call-result');
    const [id] = result.coded as string[];
    expect(id).toMatch(uuid);
    expect(result).toEqual({
      type: 'call-result',
      callId: 3,
      result: 'success',
      value: { __procxy_callback: id, __procxy_meta: { type: 'function', arity: 2, name: 'own' } },
      coded: [id],
    });
    await own('x', 1);
    expect(only(sent, 'callback-invoke')).toEqual({
      type: 'callback-invoke',
      callbackId: id,
      args: ['x', 1],
      invokeId: 4,
    });
    expect(only(received, 'callback-result')).toEqual({
      type: 'callback-result',
      invokeId: 4,
      result: 'success',
      value: ['x', 1],
    });
  });

  test('a function that returns to its owner is marked, and not exported again', async () => {
    const own = await user.own();
    await user.isOwn(own);
    const call = only(sent.slice(1), 'call-invoke');
    const id = (only(received.slice(0, 1), 'call-result').coded as string[])[0];
    expect(call).toMatchObject({
      args: [{ __procxy_callback: id, __procxy_meta: { type: 'function', arity: 2, name: 'own', home: true } }],
      coded: true,
    });
  });

  test('when it is collected it is given back, with the number of messages that brought it', async () => {
    const fn = (): number => 1;
    await user.call(fn);
    await user.call(fn);
    const id = firstIdIn(of(sent, 'call-invoke')[0]);
    expect(await countsAfterCollection(user)).toEqual(none);
    const cleanups = of(received, 'callback-cleanup');
    for (const cleanup of cleanups) {
      expect(cleanup).toEqual({ type: 'callback-cleanup', callbackId: id, count: expect.any(Number) as number });
    }
    expect(cleanups.reduce((sum, { count }) => sum + Number(count), 0)).toBe(2);
  });

  test('a function that is held counts its messages until it is released', async () => {
    const fn = (): number => 1;
    await user.keep(fn);
    await user.keep(fn);
    await user.call(fn);
    const id = firstIdIn(of(sent, 'call-invoke')[0]);
    user.$releaseCallback(fn);
    await until(() => of(received, 'callback-cleanup').length > 0, 'it was given back');
    expect(only(sent, 'callback-release')).toEqual({ type: 'callback-release', callbackId: id });
    expect(only(received, 'callback-cleanup')).toEqual({ type: 'callback-cleanup', callbackId: id, count: 3 });
  });

  test('messages without functions do not mention functions', async () => {
    await user.echo({ n: 1 });
    expect(sent).toEqual([{ type: 'call-invoke', callId: 3, method: 'echo', args: [{ n: 1 }] }]);
    expect(received).toEqual([{ type: 'call-result', callId: 3, result: 'success', value: { n: 1 } }]);
  });

  test('a listener that comes late sees objects too, from the next call on', async () => {
    await using other = await startFunctionUser({ serialization });
    await other.call(() => 1);
    const seen: unknown[] = [];
    other.$process.on('message', (message) => seen.push(message));
    await other.call(() => 1);
    expect(seen).toMatchObject([{ type: 'callback-invoke' }, { type: 'call-result', value: 1 }]);
  });
});
