import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { procxy, ProtocolError, sync, type Procxy, type ProcxyOptions } from 'procxy';
import { HostileWithFunctions } from '../fixtures/hostile-functions.js';
import { rejectionOf, startFunctionUser, type RemoteFunctionUser } from '../support/function-user.js';

interface RemoteHostile extends Omit<Procxy<HostileWithFunctions, ProcxyOptions>, keyof HostileWithFunctions> {
  ping(): Promise<string>;
  forge(messages: object[], fn?: unknown): Promise<never>;
  forgeFrames(messages: object[], mode: string, fn?: unknown): Promise<never>;
  forgeBytes(bytes: number[]): Promise<never>;
  forgeDeaf(messages: object[]): Promise<never>;
  sendAgain(message: object, answer: string, times: number): Promise<string>;
}

function startHostile(options: ProcxyOptions): Promise<RemoteHostile> {
  const start = procxy as unknown as (...given: unknown[]) => Promise<RemoteHostile>;
  return start(HostileWithFunctions, '../fixtures/hostile-functions.js', {
    enableCallbacks: true,
    stdio: 'ignore',
    ...options,
  });
}

/** An id that was never exported. */
const unknown = '01234567-89ab-4def-8123-456789abcdef';
const descriptor = (meta: unknown, id = unknown): object => ({ __procxy_callback: id, __procxy_meta: meta });
const sound = { type: 'function', arity: 0, name: 'fn' };
/** The answer to the call that has it sent: the calls before it were the agent's `import` and `constructor`. */
const answer = (value: unknown, coded: unknown): object => ({
  type: 'call-result',
  callId: 3,
  result: 'success',
  value,
  coded,
});
const invoke = (args: unknown = [], more: object = {}): object => ({
  type: 'callback-invoke',
  callbackId: '$ID',
  args,
  invokeId: 1,
  ...more,
});

const malformed: Record<string, unknown> = {
  'a negative arity': { ...sound, arity: -1 },
  'an arity that is no integer': { ...sound, arity: 1.5 },
  'an enormous arity': { ...sound, arity: 2 ** 40 },
  'an arity that is text': { ...sound, arity: '1' },
  'a name that is no text': { ...sound, name: 5 },
  'a name that is an object': { ...sound, name: { toString: 1 } },
  'no meta': undefined,
  'a meta that is null': null,
  'a mark that is no mark': { ...sound, home: 'yes' },
};

const forged: Record<string, object> = {
  'invokes a function that was never handed out': invoke([], { callbackId: unknown }),
  'gives back more often than it was given': { type: 'callback-cleanup', callbackId: '$ID', count: 2 },
  'names more functions than maxCallbacks allows': answer(
    1,
    Array.from({ length: 11 }, (_, i) => `id ${i}`),
  ),
  'returns a function that its message does not name': answer(descriptor(sound), ['another']),
  'returns a function in a message that names none': answer(descriptor(sound), true),
  'returns a function of the parent’s that was never handed out': answer(descriptor({ ...sound, home: true }), [
    unknown,
  ]),
  'passes a function that its message does not name': invoke([descriptor(sound)], { coded: ['another'] }),
  'passes a function of the parent’s that was never handed out': invoke([descriptor({ ...sound, home: true })], {
    coded: true,
  }),
  'passes a malformed function': invoke([descriptor({ ...sound, arity: -1 })], { coded: [unknown] }),
};

/** What no mode writes otherwise. */
const ofAnyMode: Record<string, object> = {
  'invokes one of Object.prototype': invoke([], { callbackId: 'constructor' }),
  'invokes with arguments that are no list': invoke({ length: 1 }),
  'invokes with an id that is none': invoke([], { invokeId: -1 }),
  'invokes with a list of functions that is none': invoke([], { coded: [{}] }),
  'gives back no time': { type: 'callback-cleanup', callbackId: '$ID', count: 0 },
  'gives back a negative number of times': { type: 'callback-cleanup', callbackId: '$ID', count: -1 },
  'gives back what it was not given': { type: 'callback-cleanup', callbackId: unknown, count: 1 },
  'answers an invocation that nobody made': { type: 'callback-result', invokeId: 99, result: 'success' },
  'has collected garbage that nobody asked for': { type: 'callback-collected' },
};

const framed: Record<string, object[]> = {
  'a call': [{ type: 'call-invoke', callId: 1, method: 'x', args: [] }],
  'a result': [{ type: 'callback-result', invokeId: 1, result: 'success' }],
  'what is no message': [{ hello: 'world' }],
  'an invocation that is malformed': [invoke('none')],
  'an invocation that comes after a negative number of messages': [invoke([], { after: -1 })],
  'an invocation of what was never handed out': [invoke([], { callbackId: unknown })],
  'two invocations at once': [invoke(), invoke([], { invokeId: 2 })],
  'a function that it does not name': [invoke([descriptor(sound)], { coded: ['another'] })],
  'a malformed function': [invoke([descriptor({ ...sound, arity: -1 })], { coded: [unknown] })],
  'more functions than maxCallbacks allows': [invoke([], { coded: Array.from({ length: 11 }, (_, i) => `id ${i}`) })],
};

const garbage: Record<string, number[]> = {
  'bytes that are no message': [5, 0, 0, 0, 1, 2, 3, 4, 5],
  'a length beyond the longest message': [255, 255, 255, 255, 0],
  'an empty message': [0, 0, 0, 0],
};

describe.each(['json', 'advanced'] as const)(
  'a child that abuses functions harms only itself, in %s mode',
  (serialization) => {
    let neighbour: RemoteFunctionUser;
    beforeAll(async () => {
      neighbour = await startFunctionUser({ serialization });
    });
    afterAll(() => neighbour.$terminate());

    async function expectEnd(hostile: RemoteHostile, call: Promise<never>): Promise<void> {
      // Nothing else rejects the call, and a child that is not ended answers.
      const outcome = await Promise.race([rejectionOf(call), hostile.ping().then(() => hostile.ping())]).catch(
        (error: unknown) => error,
      );
      expect(outcome).toBeInstanceOf(ProtocolError);
      expect(await hostile.$exited).toEqual({ code: null, signal: 'SIGKILL' });
      expect(await rejectionOf(hostile.ping())).toBeInstanceOf(ProtocolError);
      expect(await neighbour.call((n: number) => n + 1, 1)).toBe(2);
    }

    for (const [what, message] of Object.entries({ ...forged, ...(serialization === 'json' && ofAnyMode) })) {
      test(`it ${what}`, async () => {
        await using hostile = await startHostile({ serialization, maxCallbacks: 10 });
        await expectEnd(
          hostile,
          hostile.forge([message], () => 1),
        );
      });
    }

    for (const [what, messages] of Object.entries(framed)) {
      test(`on the socket for synchronous calls: ${what}`, async () => {
        await using hostile = await startHostile({ serialization, maxCallbacks: 10 });
        const pending = sync(() => new Promise(() => {}));
        await expectEnd(hostile, hostile.forgeFrames(messages, serialization, pending));
      });
    }

    test('on the socket for synchronous calls: a function that is not marked', async () => {
      await using hostile = await startHostile({ serialization });
      await expectEnd(
        hostile,
        hostile.forgeFrames([invoke()], serialization, () => 1),
      );
    });

    for (const [what, bytes] of Object.entries(garbage)) {
      test(`on the socket for synchronous calls: ${what}`, async () => {
        await using hostile = await startHostile({ serialization });
        await expectEnd(hostile, hostile.forgeBytes(bytes));
      });
    }
  },
);

describe('a child without callbacks is ended when it', () => {
  for (const [what, message] of Object.entries({
    'returns a function': answer(descriptor(sound), [unknown]),
    'invokes one': invoke(),
    'gives one back': { type: 'callback-cleanup', callbackId: unknown, count: 1 },
  })) {
    test(what, async () => {
      await using hostile = await startHostile({ enableCallbacks: false });
      expect(
        await rejectionOf(Promise.race([hostile.forge([message]), hostile.ping().then(() => hostile.ping())])),
      ).toBeInstanceOf(ProtocolError);
    });
  }
});

describe('a child is ended when it returns a function with', () => {
  for (const [what, meta] of Object.entries(malformed)) {
    test(what, async () => {
      await using hostile = await startHostile({});
      expect(await rejectionOf(hostile.forge([answer(descriptor(meta), [unknown])]))).toBeInstanceOf(ProtocolError);
      expect(await hostile.$exited).toEqual({ code: null, signal: 'SIGKILL' });
    });
  }
});

test('a child that asks for garbage collection repeatedly leaves the parent most of its time', async () => {
  await using hostile = await startHostile({});
  const collections: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => collections.push(...list.getEntries().filter(isForced)));
  observer.observe({ entryTypes: ['gc'] });
  expect(await hostile.sendAgain({ type: 'callback-collect' }, 'callback-collected', 5)).toBe('done');
  // The parent collects twice each time. The observer learns of it in a later turn of the event loop.
  await vi.waitFor(() => expect(collections).toHaveLength(10), 30_000);
  observer.disconnect();
  const [first, last] = [collections[0], collections[8]] as [PerformanceEntry, PerformanceEntry];
  const collecting = collections.slice(0, 8).reduce((sum, { duration }) => sum + duration, 0);
  // Each of the first four is followed by four times as long without one. A slow machine only makes the pauses longer, and the last
  // collection does not count, because no pause follows it.
  expect(last.startTime - first.startTime).toBeGreaterThan(3 * collecting);
});

test('a child that asks again before the collection is ended', async () => {
  await using hostile = await startHostile({});
  const collect = { type: 'callback-collect' };
  // In one message, so that no turn of the event loop comes between them.
  const both = { type: 'batch', rows: [0, collect, 0, collect] };
  expect(await rejectionOf(hostile.forgeDeaf([both]))).toBeInstanceOf(ProtocolError);
  expect(await hostile.$exited).toEqual({ code: null, signal: 'SIGKILL' });
});

/** By a program, and not by V8 itself. */
function isForced(entry: PerformanceEntry): boolean {
  const { flags = 0 } = (entry as { detail?: { flags?: number } }).detail ?? {};
  return (flags & constants.NODE_PERFORMANCE_GC_FLAGS_FORCED) !== 0;
}
