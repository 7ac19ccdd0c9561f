import { describe, expect, test, vi } from 'vitest';
import { PropertyWatch } from '../../src/child/property-watch.js';
import { createCodec } from '../../src/codec/create-codec.js';
import type { MirrorRequest, PropertyUpdate } from '../../src/protocol.js';
import { eventually } from '../support/eventually.js';

interface Watched {
  watch: PropertyWatch;
  /** What each flush of the watch itself took. */
  updates: PropertyUpdate[];
  /** How many values were encoded. */
  encoded: () => number;
  busy: { value: boolean };
}

function watched(object: object, mirror: MirrorRequest = { names: 'own', limit: 16_384 }): Watched {
  const codec = createCodec({ mode: 'json', self: { current: object } });
  const encode = vi.spyOn(codec, 'encode');
  const updates: PropertyUpdate[] = [];
  const busy = { value: false };
  const watch = new PropertyWatch({
    object,
    codec,
    mirror,
    fingerprint: JSON.stringify,
    flush() {
      const update = watch.takeChanges();
      if (update) updates.push(update);
    },
    isBusy: () => busy.value,
  });
  return { watch, updates, encoded: () => encode.mock.calls.length, busy };
}

/** Uses up what may be spent on looking: only a timer or a refresh looks inside objects from then on, for a while. */
function exhaust({ watch }: Watched, rounds = 3000): void {
  for (let round = 0; round < rounds; round++) watch.takeChanges();
}

const rows = (count: number): object[] => Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}` }));

describe('a flush', () => {
  test('reports everything at first, and then only changes', () => {
    const object = { count: 1, list: [1], _hidden: 1, method: () => 1 };
    const { watch } = watched(object);
    expect(watch.takeChanges()?.set).toEqual([
      ['count', 1],
      ['list', [1]],
    ]);
    expect(watch.takeChanges()).toBeUndefined();
    object.count++;
    object.list.push(2);
    expect(watch.takeChanges()?.set).toEqual([
      ['count', 2],
      ['list', [1, 2]],
    ]);
  });

  test('looks inside objects only now and then in a burst, but never misses a new primitive or object', () => {
    const object = { count: 0, data: rows(300) };
    const it = watched(object);
    it.watch.takeChanges();
    exhaust(it);
    expect(it.encoded()).toBeLessThan(1500);
    object.count = 5;
    expect(it.watch.takeChanges()?.set).toContainEqual(['count', 5]);
    object.data = [{}];
    expect(it.watch.takeChanges()?.set).toContainEqual(['data', [{}]]);
  });

  test('continues where the last one stopped, so that every object has its turn', () => {
    const object = Object.fromEntries(['a', 'b', 'c', 'd'].map((name) => [name, rows(60)]));
    const it = watched(object, { names: 'own', limit: 1e6 });
    it.watch.takeChanges();
    exhaust(it, 200);
    for (const list of Object.values(object)) list.push({ id: -1, name: 'new' });
    const seen = new Set<string>();
    for (const end = Date.now() + 5000; seen.size < 4 && Date.now() < end;) {
      for (const [name] of it.watch.takeChanges()?.set ?? []) seen.add(name);
    }
    expect([...seen].toSorted()).toEqual(['a', 'b', 'c', 'd']);
  });

  test('looks inside everything after a refresh', () => {
    const object = { data: rows(300) };
    const it = watched(object);
    exhaust(it);
    object.data.push({});
    it.watch.refresh();
    expect(it.watch.takeChanges()?.set?.[0]?.[0]).toBe('data');
  });
});

describe('after a call', () => {
  test('a timer looks at objects that were skipped, and ends when none is left', async () => {
    const object = { data: rows(300) };
    const it = watched(object);
    it.watch.takeChanges();
    it.watch.follow();
    exhaust(it);
    object.data.push({});
    it.watch.takeChanges();
    await eventually(() => {
      const told = it.updates.flatMap(({ set }) => set ?? []);
      expect(told.at(-1)).toEqual(['data', object.data]);
    });
  });

  test('the timer continues while calls run', async () => {
    const object = { steps: 0 };
    const it = watched(object);
    it.watch.takeChanges();
    it.busy.value = true;
    it.watch.follow();
    for (let step = 1; step <= 3; step++) {
      object.steps = step;
      await eventually(() => expect(it.updates.at(-1)?.set).toEqual([['steps', step]]));
    }
    it.busy.value = false;
  });
});

describe('a property that cannot cross', () => {
  test('is reported once, and tried again only as often as others are looked at', () => {
    const object: { timer: unknown; owner?: unknown } = { timer: { run: () => 1, list: rows(100) } };
    const it = watched(object);
    expect(it.watch.takeChanges()?.unavailable).toEqual([['timer', expect.stringMatching(/timer\.run is a function/)]]);
    exhaust(it);
    expect(it.encoded()).toBeLessThan(1500);
    it.watch.refresh();
    expect(it.watch.takeChanges()).toBeUndefined();
    object.timer = { list: [] };
    expect(it.watch.takeChanges()?.set).toEqual([['timer', { list: [] }]]);
  });

  test('because it is too large is reported when it has shrunk', () => {
    const object = { data: rows(2000) };
    const { watch } = watched(object);
    expect(watch.takeChanges()?.unavailable).toEqual([['data', expect.stringMatching(/limit of 16384 bytes/)]]);
    object.data.length = 1;
    watch.refresh();
    expect(watch.takeChanges()?.set).toEqual([['data', [{ id: 0, name: 'row 0' }]]]);
  });

  test('because it would run code is reported with that reason, and no code runs', () => {
    const object = {
      model: {
        get total(): never {
          throw new Error('must not be run');
        },
      },
      state: new Proxy({}, { ownKeys: () => expect.unreachable('must not be run') }),
    };
    expect(watched(object).watch.takeChanges()?.unavailable).toEqual([
      ['model', 'total is an accessor, and reading it would run code'],
      ['state', 'it is a Proxy, and reading it would run code'],
    ]);
  });

  test('takes no room from others: the limit counts only what is reported', () => {
    const object: Record<string, unknown> = { big: 'x'.repeat(900), small: 'y', more: 'z'.repeat(500) };
    const { watch } = watched(object, { names: 'own', limit: 1000 });
    expect(watch.takeChanges()).toMatchObject({
      set: [
        ['big', object['big']],
        ['small', 'y'],
      ],
      unavailable: [['more', expect.stringMatching(/limit/)]],
    });
    delete object['big'];
    expect(watch.takeChanges()).toMatchObject({ removed: ['big'] });
    object['more'] = 'z'.repeat(501);
    expect(watch.takeChanges()?.set).toEqual([['more', object['more']]]);
  });

  test('a reference back to the instance is not followed, and takes little room', () => {
    class Lexer {
      part = { owner: this };
    }
    const { watch } = watched(new Lexer(), { names: 'own', limit: 100 });
    expect(watch.takeChanges()).toMatchObject({ set: [['part', { owner: { __procxy_type: 'self' } }]], coded: true });
  });
});
