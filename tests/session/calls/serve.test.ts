import { beforeEach, describe, expect, test } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import type { Message } from '../../../src/protocol.js';
import { Server, type AnswerHead } from '../../../src/session/calls/serve.js';
import { sendAtOnce, type Send } from '../../../src/session/wire/parcel.js';
import { codecOf } from '../../support/crossing.js';

const codec = codecOf('json');
const call: AnswerHead = { type: 'call-result', callId: 1 };
const callback: AnswerHead = { type: 'callback-result', invokeId: 2 };
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('Server', () => {
  let answers: Message[];
  let server: Server;
  const sendTo =
    (list: Message[]): Send =>
    (parcel) =>
      sendAtOnce(parcel, (message) => void list.push(message), { codec, takeBack: () => {}, makeRoom: () => {} });

  beforeEach(() => {
    answers = [];
    server = new Server({ codec, send: sendTo(answers) });
  });

  const serve = (run: (args: unknown[]) => unknown, head: AnswerHead = call): void =>
    server.serve(head, 'work', [1, 2], undefined, run);

  test('calls the function with the arguments, and answers immediately with its result', () => {
    serve((args) => args);
    serve(() => 'text', callback);
    expect(answers).toEqual([
      { type: 'call-result', callId: 1, result: 'success', value: [1, 2] },
      { type: 'callback-result', invokeId: 2, result: 'success', value: 'text' },
    ]);
  });

  test('leaves out a value or an error that is undefined', () => {
    serve(() => undefined);
    serve(() => undefined, callback);
    serve(() => {
      throw undefined;
    });
    expect(answers).toStrictEqual([
      { type: 'call-result', callId: 1, result: 'success' },
      { type: 'callback-result', invokeId: 2, result: 'success' },
      { type: 'call-result', callId: 1, result: 'error' },
    ]);
  });

  test('answers with the outcome of a promise or thenable, and counts the call as open until then', async () => {
    let finish = (_value: string): void => {};
    serve(() => new Promise((resolve) => (finish = resolve)));
    serve(async () => {
      throw new RangeError('far');
    });
    serve(() => ({ then: (resolve: (value: string) => void) => resolve('thenable') }));
    expect([server.size, answers]).toEqual([3, []]);
    await turn();
    expect(server.size).toBe(1);
    finish('late');
    await turn();
    expect(server.size).toBe(0);
    expect(answers).toMatchObject([
      { result: 'error', error: { __procxy_type: 'error', value: { message: 'far' } } },
      { value: 'thenable' },
      { value: 'late' },
    ]);
  });

  test('answers with an error for a result that cannot cross, which names its path and the method', () => {
    serve(() => ({ list: [1n] }));
    const answer = answers[0] as unknown as { result: string; error: unknown };
    expect(answer.result).toBe('error');
    expect(codec.decode(answer.error)).toMatchObject({
      name: 'SerializationError',
      path: 'result.list[0]',
      message: expect.stringMatching(/^work\(\): result\.list\[0\] is/) as unknown,
    });
  });

  test('a result whose `then` cannot be read is a result that cannot cross', () => {
    const fail = (): never => {
      throw new Error('trapped');
    };
    serve(() => new Proxy({}, { get: fail, ownKeys: fail }));
    const answer = answers[0] as unknown as { result: string; error: unknown };
    expect(codec.decode(answer.error)).toMatchObject({ name: 'SerializationError', path: 'result' });
    expect(server.size).toBe(0);
  });

  test('answers with an error for arguments that this process cannot read, and runs nothing', () => {
    const args = [{ __procxy_type: 'unheard-of' }];
    server.serve(call, 'work', args, true, () => expect.unreachable());
    const answer = answers[0] as unknown as { result: string; error: unknown };
    expect(codec.decode(answer.error)).toMatchObject({ name: 'SerializationError' });
    expect(server.size).toBe(0);
  });

  test('malformed arguments are a violation, but a ProtocolError of the method is an answer', () => {
    const malformed = [{ __procxy_type: 'escaped' }];
    expect(() => server.serve(call, 'work', malformed, true, () => {})).toThrow(ProtocolError);
    serve(() => {
      throw new ProtocolError('no such method');
    });
    expect(answers).toMatchObject([{ result: 'error' }]);
  });

  test('the first answer counts', async () => {
    const answer = server.open(call, 'work');
    let finish = (_value: string): void => {};
    server.run(answer, [], undefined, () => new Promise((resolve) => (finish = resolve)));
    server.fail(answer, new Error('given up'));
    finish('late');
    await turn();
    server.fail(answer, new Error('again'));
    expect(answers).toHaveLength(1);
    expect(server.size).toBe(0);
  });

  test('an answer takes the same path as its call', () => {
    const others: Message[] = [];
    const answer = server.open(callback, 'work', sendTo(others));
    expect(server.size).toBe(1);
    server.run(answer, [], undefined, () => 'there');
    expect(answers).toEqual([]);
    expect(others).toMatchObject([{ value: 'there' }]);
  });
});
