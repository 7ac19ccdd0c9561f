import { EventEmitter } from 'node:events';
import { describe, expect, test } from 'vitest';
import { byReference } from '../../../src/codec/by-reference.js';
import { memoryChannelPair } from '../../../src/channel/memory.js';
import { ProtocolError } from '../../../src/errors.js';
import { remoteObjects } from '../../../src/parent/remote-objects.js';
import { openSession } from '../../../src/session/open-session.js';
import { lentObjects } from '../../../src/session/references/lent-objects.js';
import type { SerializationMode } from '../../../src/types/serializable.js';
import { failureOf } from '../../support/two-sides.js';

type Methods = Record<string, (...args: never[]) => unknown>;
interface Held {
  hit(): Promise<number>;
  twice(): Promise<number>;
  $get(name: string): Promise<unknown>;
  $release(): boolean;
}

/** Both sides of a session in this process, where objects go by reference. */
function open(mode: SerializationMode, methods: Methods) {
  const [near, far] = memoryChannelPair(mode);
  const violations: ProtocolError[] = [];
  const common = { ownFile: undefined, onViolation: (error: ProtocolError): void => void violations.push(error) };
  const child = openSession({
    ...common,
    self: { current: undefined },
    channel: far,
    isParent: false,
    run: (_target, method, args) => methods[method]?.(...(args as never[])),
  });
  const parent = openSession({ ...common, self: { current: undefined }, channel: near, isParent: true });
  const held = remoteObjects(() => ({
    connection: {
      call: (method, args, options, target = 'instance') => parent.session.call(target, method, args, options),
      eventsOf: () => expect.unreachable(),
      pipelines: false,
      endLate: () => {},
    },
    options: { timeout: 5000, retries: 0, onTimeout: 'keep' },
    type: () => undefined,
  }));
  const lent = lentObjects({ timeout: 5000, onUnhandled: () => {} });
  child.carry({ mode, handles: false, references: { limit: 3, isAutomatic: true, createProxy: lent } });
  parent.carry({ mode, handles: false, references: { limit: 3, isAutomatic: false, createProxy: held } });
  const ask = (method: string, ...args: unknown[]): Promise<unknown> =>
    parent.session.call('instance', method, args, { timeout: Infinity });
  return { parent, child, violations, ask };
}

class Counter {
  count = 0;
  hit(): number {
    return ++this.count;
  }
  get twice2(): number {
    return 2 * this.count;
  }
  twice(): number {
    return 2 * this.count;
  }
}

describe.each(['json', 'advanced'] as const)('References, in the mode %s', (mode) => {
  test('an object stays, its methods run there, and it is forgotten when it is released', async () => {
    const counter = new Counter();
    const { parent, child, ask, violations } = open(mode, { give: () => counter, same: (value) => value === counter });
    const held = (await ask('give')) as Held;
    expect(await ask('give')).toBe(held);
    await held.hit();
    expect([await held.hit(), await held.twice(), await held.$get('twice2')]).toEqual([2, 4, 4]);
    expect(await ask('same', held)).toBe(true);
    expect(child.session.stats()).toMatchObject({ exportedReferences: 1, exportedClasses: { Counter: 1 } });
    expect(parent.session.stats()).toMatchObject({ importedReferences: 1, importedClasses: { Counter: 1 } });
    expect([held.$release(), held.$release()]).toEqual([true, false]);
    expect(await failureOf(held.hit())).toMatchObject({ name: 'TerminatedError' });
    expect(await ask('same', 1)).toBe(false);
    expect(child.session.stats()).toMatchObject({ exportedReferences: 0, exportedClasses: {} });
    expect(violations).toEqual([]);
  });

  test('what the parent lends has methods only, and only those that it names', async () => {
    const used: unknown[] = [];
    const { ask, violations } = open(mode, {
      use: async (log: { info(text: string): Promise<unknown>; secret?: unknown; level?: unknown }) => {
        used.push(typeof log.secret, log.level, Reflect.ownKeys(log).includes('info'));
        return log.info('from there');
      },
    });
    const log = { level: 'high', info: (text: string) => `heard ${text}`, secret: () => 'a password' };
    expect(await ask('use', byReference(log, ['info']))).toBe('heard from there');
    expect(used).toEqual(['undefined', undefined, true]);
    expect(violations).toEqual([]);
  });

  test('beyond the limit the call rejects, after garbage was collected', async () => {
    const kept: unknown[] = [];
    const { ask } = open(mode, { give: () => new Counter() });
    for (let i = 0; i < 3; i++) kept.push(await ask('give'));
    expect(await failureOf(ask('give'))).toMatchObject({ name: 'ReferenceLimitError' });
    (kept.pop() as Held).$release();
    expect(await ((await ask('give')) as Held).hit()).toBe(1);
    expect(kept).toHaveLength(2);
  });

  test('an emitter has no method that would add a listener there', async () => {
    const { ask } = open(mode, { give: () => Object.assign(new EventEmitter(), { ping: () => 'pong' }) });
    const emitter = (await ask('give')) as { ping(): Promise<string>; emit?: unknown };
    expect(await emitter.ping()).toBe('pong');
    expect(emitter.emit).toBeUndefined();
  });
});
