import { beforeEach, describe, expect, test } from 'vitest';
import { sync } from '../../../src/codec/sync-mark.js';
import { memoryLane, type MemoryLane } from '../../../src/channel/memory-lane.js';
import { memoryChannelPair, type MemoryChannel } from '../../../src/channel/memory.js';
import type { ProtocolError } from '../../../src/errors.js';
import type { CallbackInvoke } from '../../../src/protocol.js';
import type { Callbacks } from '../../../src/session/functions/callbacks.js';
import { openSession, type OpenSession } from '../../../src/session/open-session.js';
import { SyncCalls } from '../../../src/session/sync/sync-calls.js';
import { eventually, severalTurns } from '../../support/eventually.js';

/** The parent's side of a session. The tests write what the child would send. */
describe('SyncCalls', () => {
  let parent: OpenSession;
  let functions: Callbacks;
  let violations: ProtocolError[];
  let child: MemoryChannel;
  let lane: MemoryLane;
  let calls: SyncCalls;

  function open(timeout = 1000): void {
    const [near, far] = memoryChannelPair();
    const [nearLane, farLane] = memoryLane('json', () => far.flush());
    [child, lane, violations] = [far, farLane, []];
    parent = openSession({
      channel: near,
      isParent: true,
      self: { current: undefined },
      ownFile: undefined,
      onViolation: (error) => violations.push(error),
      handlers: { heartbeat: () => void seen.push('heartbeat') },
    });
    const callbacks = { limit: 10, timeout, onUnhandled: () => {} };
    functions = parent.carry({ mode: 'json', handles: false, callbacks }).functions as Callbacks;
    calls = new SyncCalls({ channel: nearLane, mode: 'json', callbacks: functions, timeout, awaitsPromises: true });
    parent.session.use(calls);
  }

  let seen: unknown[];
  beforeEach(() => {
    seen = [];
    open();
  });

  /** The id of a function that was passed to the child. */
  function give(fn: (...args: never[]) => unknown): string {
    const { __procxy_callback: id } = functions.export(fn as never, undefined);
    functions.takeExported();
    return id;
  }

  const invoke = (callbackId: string, fields: Partial<CallbackInvoke> = {}): void =>
    lane.write({ type: 'callback-invoke', callbackId, args: [], invokeId: 1, ...fields });
  const turns = severalTurns;

  test('runs the function and answers on the lane where the child waits', () => {
    invoke(give(sync((a: number) => a + 1)), { args: [1] });
    expect(lane.read()).toEqual({ type: 'callback-result', invokeId: 1, result: 'success', value: 2 });
    expect(calls.isWaitedFor).toBe(false);
  });

  test('counts the child as waiting, and the call as open, until a promise has settled', async () => {
    let finish = (_value: string): void => {};
    invoke(give(sync(() => new Promise((resolve) => (finish = resolve)))));
    expect([calls.isWaitedFor, parent.session.stats().servedCalls]).toEqual([true, 1]);
    finish('done');
    await turns();
    expect([calls.isWaitedFor, parent.session.stats().servedCalls]).toEqual([false, 0]);
    expect(lane.read()).toMatchObject({ value: 'done' });
  });

  test('waits until earlier messages are handled', async () => {
    const id = give(sync(() => seen.push('ran')));
    child.send({ type: 'heartbeat' });
    invoke(id, { after: 1 });
    expect(seen).toEqual([]);
    await turns();
    expect(seen).toEqual(['heartbeat', 'ran']);
  });

  test('handles copies of messages that came with the invocation, and none of them twice', async () => {
    const id = give(sync(() => seen.push('ran')));
    invoke(id, { after: 1, early: { from: 0, messages: [{ type: 'heartbeat' }] } });
    expect(seen).toEqual(['heartbeat', 'ran']);
    child.send({ type: 'heartbeat' });
    await turns();
    expect(seen).toEqual(['heartbeat', 'ran']);
    expect(violations).toEqual([]);
  });

  test('does not wait for a message that never arrives', async () => {
    invoke(give(sync(() => seen.push('ran'))), { after: 3 });
    expect(seen).toEqual([]);
    await eventually(() => expect(seen).toEqual(['ran']));
  });

  test('answers with a TimeoutError after the timeout, and drops a late result', async () => {
    open(20);
    let finish = (_value: string): void => {};
    invoke(
      give(
        sync(function ask() {
          return new Promise((resolve) => (finish = resolve));
        }),
      ),
    );
    await eventually(() => expect(calls.isWaitedFor).toBe(false));
    const answer = lane.read() as { error: unknown };
    expect(parent.codec.decode(answer.error)).toMatchObject({ name: 'TimeoutError', method: 'ask', timeoutMs: 20 });
    finish('late');
    await turns();
    expect(lane.read()).toBeUndefined();
    expect(parent.session.stats().servedCalls).toBe(0);
  });

  test('answers with an error for an asynchronous result that cannot cross', async () => {
    invoke(
      give(
        sync(async function ask() {
          return { x: 1n };
        }),
      ),
    );
    await turns();
    const answer = lane.read() as { error: unknown };
    expect(parent.codec.decode(answer.error)).toMatchObject({ name: 'SerializationError', path: 'result.x' });
  });

  test('answers the waiting child when the session ends', async () => {
    invoke(give(sync(() => new Promise(() => {}))));
    parent.session.rejectAll((method) => new Error(`${method}(): over`));
    const answer = lane.read() as { error: unknown };
    expect(parent.codec.decode(answer.error)).toMatchObject({ message: expect.stringContaining('over') as unknown });
  });

  test('a call to the child from within the function is refused, since the child waits for the function', async () => {
    let refusal: unknown;
    let later: unknown;
    const fn = function ask(): void {
      refusal = calls.refuse('work');
      setTimeout(() => (later = calls.refuse('work')));
    };
    invoke(give(sync(fn)));
    await turns();
    expect(refusal).toMatchObject({ name: 'SyncCallbackError' });
    expect((refusal as Error).message).toMatch(/^work\(\) was called from within ask\(\)/);
    expect([later, calls.refuse('work')]).toEqual([undefined, undefined]);
  });

  test('other calls of the session are refused for the same reason', async () => {
    let refused: Promise<unknown> | undefined;
    const fn = (): void => {
      refused = parent.session.call('instance', 'work', [], { timeout: 0 });
      refused.catch(() => {});
    };
    invoke(give(sync(fn)));
    await expect(refused).rejects.toMatchObject({ name: 'SyncCallbackError' });
  });

  test.each<[string, (id: string) => void]>([
    ['a message that is not an invocation', () => lane.write({ type: 'heartbeat' })],
    ['a malformed invocation', (id) => invoke(id, { invokeId: -1 })],
    ['an invocation of a function that was never handed out', () => invoke('unknown')],
    ['an early message that is not a message', (id) => invoke(id, { after: 1, early: { from: 0, messages: [5] } })],
    ['malformed arguments', (id) => invoke(id, { args: [{ __procxy_type: 'escaped' }], coded: true })],
  ])('%s is a violation', (_name, send) => {
    send(give(sync(() => {})));
    expect(violations).toHaveLength(1);
  });

  test('a function that is not marked, and an invocation while another is open, are violations', () => {
    invoke(give(() => {}));
    expect(violations.map(({ message }) => message)).toEqual([
      'The child waits for a function that is not marked by sync().',
    ]);
    open();
    const id = give(sync(() => new Promise(() => {})));
    invoke(id);
    invoke(id, { invokeId: 2 });
    expect(violations.map(({ message }) => message)).toEqual([
      'The child invoked a function while it was waiting for another one.',
    ]);
  });
});
