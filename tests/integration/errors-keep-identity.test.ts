import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, type Procxy } from 'procxy';
import { Failing } from '../fixtures/failing.js';

async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => expect.unreachable('it must reject'),
    (error: unknown) => error,
  );
}

describe('errors keep their identity', () => {
  let failing: Procxy<Failing>;
  beforeAll(async () => {
    failing = await procxy(Failing, '../fixtures/failing.js');
  });
  afterAll(() => failing.$terminate());

  for (const type of [Error, TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError]) {
    test(`${type.name} is an instance of ${type.name}`, async () => {
      const error = (await thrownBy(failing.throwBuiltIn(type.name))) as Error;
      expect(Object.getPrototypeOf(error)).toBe(type.prototype);
      expect(error.name).toBe(type.name);
      expect(error.message).toBe(`a ${type.name}`);
    });
  }

  test('code, own properties and the cause chain survive; what cannot cross is dropped', async () => {
    const error = (await thrownBy(failing.throwRich())) as Error & Record<string, unknown>;
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ code: 'E_TOP', errno: -2, detail: { list: [1, undefined, 'x'] } });
    expect('nothing' in error).toBe(true);
    expect('socket' in error).toBe(false);
    expect(error.cause).toBeInstanceOf(SyntaxError);
    const root = (error.cause as Error).cause;
    expect(root).toBeInstanceOf(RangeError);
    expect(root).toMatchObject({ message: 'the root', level: 2 });
    expect(Object.keys(error)).not.toContain('cause');
  });

  test('the errors of an AggregateError survive', async () => {
    const error = (await thrownBy(failing.throwAggregate())) as AggregateError;
    expect(error).toBeInstanceOf(AggregateError);
    expect(error.errors).toHaveLength(3);
    expect(error.errors[0]).toBeInstanceOf(TypeError);
    expect(error.errors[1]).toBe('second');
    expect(error.errors[2]).toBeInstanceOf(RangeError);
  });

  test('cyclic causes end where the cycle begins', async () => {
    const error = (await thrownBy(failing.throwCyclic())) as Error;
    expect(error).toMatchObject({ message: 'round', cause: { message: 'and round' } });
    expect('cause' in (error.cause as Error)).toBe(false);
  });

  test('a custom class keeps its name and its built-in base', async () => {
    const error = (await thrownBy(failing.throwCustom())) as Error;
    expect(error).toBeInstanceOf(RangeError);
    expect(error.name).toBe('QuotaError');
    expect(String(error)).toBe('QuotaError: too much');
  });

  test('a DOMException is one', async () => {
    const error = (await thrownBy(failing.throwAbort())) as DOMException;
    expect(error).toBeInstanceOf(DOMException);
    expect(error).toMatchObject({ name: 'AbortError', message: 'stopped', code: 20 });
  });

  test('a system error keeps code, errno, path and syscall', async () => {
    const error = await thrownBy(failing.throwSystem());
    expect(error).toMatchObject({
      code: 'ENOENT',
      // libuv's own number on Windows.
      errno: process.platform === 'win32' ? -4058 : -2,
      syscall: 'open',
      path: expect.stringMatching(/does.not.exist$/) as string,
    });
  });

  for (const value of [null, 0, '', false, 'text', 42, { plain: ['object'] }, ['array']]) {
    test(`a thrown ${JSON.stringify(value)} arrives as itself`, async () => {
      expect(await thrownBy(failing.throwValue(value))).toEqual(value);
      expect(await thrownBy(failing.rejectWith(value))).toEqual(value);
    });
  }

  test('a thrown undefined arrives as itself', async () => {
    expect(await thrownBy(failing.throwUndefined())).toBeUndefined();
  });

  test('a thrown value that cannot cross is replaced by an error that says so', async () => {
    const error = await thrownBy(failing.throwFunction());
    expect(error).toMatchObject({ name: 'SerializationError', path: 'error' });
  });

  test('the stack is the child’s, followed by the local call site, without internal frames', async () => {
    const error = (await thrownBy(failing.throwRich())) as Error;
    const frames = error.stack?.split('\n').slice(1) ?? [];
    expect(error.stack).toMatch(/^TypeError: the top\n/);
    expect(frames[0]).toContain('failing.js');
    expect(frames.at(-1)).toContain('errors-keep-identity');
    expect(error.stack).not.toMatch(/agent\.cjs|dist\/index/);
  });

  test('errors as arguments and as results cross the same way', async () => {
    const errors = [new TypeError('one'), new Error('two')];
    expect(await failing.describeErrors(...errors)).toEqual([
      { type: 'TypeError', message: 'one', isError: true },
      { type: 'Error', message: 'two', isError: true },
    ]);
    const { failed } = (await failing.returnError()) as unknown as { failed: Error[] };
    expect(failed[0]).toBeInstanceOf(TypeError);
    expect(failed[0]).toMatchObject({ message: 'as a value', cause: 404 });
  });
});
