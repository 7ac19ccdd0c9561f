import { describe, expect, test, vi } from 'vitest';
import { call, openSides } from '../support/two-sides.js';
import { eventually } from '../support/eventually.js';

const aborted = (signal: AbortSignal): Promise<unknown> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(signal.reason)));

describe.each(['json', 'advanced'] as const)('Signals, in %s mode', (mode) => {
  test('a signal also fires on the other side, with its reason', async () => {
    const { parent } = openSides({ mode, methods: { hear: aborted } });
    const controller = new AbortController();
    const heard = call(parent, 'hear', controller.signal);
    controller.abort(new RangeError('enough'));
    expect(await heard).toMatchObject({ name: 'RangeError', message: 'enough' });
  });

  test('a signal that crosses repeatedly stays the same signal on the other side', async () => {
    const signals: AbortSignal[] = [];
    const { parent } = openSides({ mode, methods: { keep: (signal: AbortSignal) => void signals.push(signal) } });
    const { signal } = new AbortController();
    for (const _ of [1, 2]) await call(parent, 'keep', signal);
    expect(signals[0]).toBe(signals[1]);
  });

  test('a signal of the child fires in the parent', async () => {
    const controller = new AbortController();
    const { parent } = openSides({ mode, methods: { give: () => ({ signal: controller.signal }) } });
    const { signal } = (await call(parent, 'give')) as { signal: AbortSignal };
    const heard = aborted(signal);
    controller.abort('reason');
    expect(await heard).toBe('reason');
  });

  test('a reason that cannot cross is replaced by the error about that', async () => {
    const { parent } = openSides({ mode, methods: { hear: aborted } });
    const controller = new AbortController();
    const heard = call(parent, 'hear', controller.signal);
    controller.abort({ x: Symbol('s') });
    expect(await heard).toMatchObject({ name: 'SerializationError', path: 'reason.x' });
  });

  test('a reason that this side cannot read is replaced by the error that says so', async () => {
    const { parent, child } = openSides({ mode, methods: { hear: aborted } });
    const heard = call(parent, 'hear', new AbortController().signal);
    await eventually(() => expect(child.session.stats().servedCalls).toBe(1));
    parent.channel.send({ type: 'signal-abort', signalId: 1, reason: { __procxy_type: 'unheard-of' }, coded: true });
    expect(await heard).toMatchObject({ name: 'SerializationError' });
  });

  test('a message about a signal that was never read is ignored', async () => {
    const { parent, child } = openSides({ mode });
    parent.channel.send({ type: 'signal-abort', signalId: 9 });
    parent.channel.send({ type: 'signal-release', signalId: 9 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(child.violations).toEqual([]);
  });

  test('after the end, signals that still exist are no longer followed', async () => {
    const { parent } = openSides({ mode, methods: { hear: aborted } });
    const controller = new AbortController();
    const remove = vi.spyOn(controller.signal, 'removeEventListener');
    call(parent, 'hear', controller.signal).catch(() => {});
    parent.session.close(() => new Error('over'));
    expect(remove).toHaveBeenCalledWith('abort', expect.any(Function));
    controller.abort();
  });
});
