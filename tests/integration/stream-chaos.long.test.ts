import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, test } from 'vitest';
import { lasting, type RemoteLasting } from '../support/remote-lasting.js';
import { openDescriptors } from '../support/processes.js';
import { sleep, untilNoneOpen, within } from '../support/streams.js';
import { seeded } from '../support/seeded.js';
import { times } from '../support/thorough.js';

const ROUNDS = times(200, 1000);
const CHILDREN = 3;
/** The number of rounds after which one child is killed. */
const KILL_EVERY = 50;

/** How much was started here, and how much was cleaned up. */
const own = { begun: 0, cleaned: 0 };

async function* ownItems(failAt: number): AsyncGenerator<number> {
  own.begun++;
  try {
    for (let i = 0; i < 60; i++) {
      if (i === failAt) throw new RangeError('as asked');
      yield i;
    }
  } finally {
    own.cleaned++;
  }
}

function ownReadable(failAt: number): Readable {
  let reads = 0;
  return new Readable({
    read() {
      if (reads === 0) own.begun++;
      if (reads++ === failAt) this.destroy(new RangeError('as asked'));
      else if (reads === 20) this.push(null);
      else setImmediate(() => this.push(Buffer.alloc(5000)));
    },
    destroy(error, done) {
      if (reads > 0) own.cleaned++;
      done(error);
    },
  });
}

async function takeSome(items: AsyncIterable<unknown>, limit: number): Promise<void> {
  let taken = 0;
  for await (const _item of items) if (++taken >= limit) break;
}

/** One way to use a stream, each of which ends somehow. */
type Round = (proxy: RemoteLasting, random: (below: number) => number) => Promise<unknown>;

const rounds: Record<string, Round> = {
  'a loop that is left': (proxy, random) => takeSome(proxy.items(), 1 + random(60)),
  'a loop whose generator fails': (proxy, random) => takeSome(proxy.items(0, random(60)), 150),
  'a loop under a signal': async (proxy, random) => {
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')), random(5));
    await takeSome(proxy.$with({ signal: controller.signal }).items(1), 1000);
  },
  'a generator that the child leaves': (proxy, random) => proxy.take(ownItems(Infinity), 1 + random(15)),
  'a generator that fails in the child': (proxy, random) => proxy.take(ownItems(random(30))),
  'a reader that leaves': async (proxy, random) => takeSome(await proxy.readable(), 1 + random(15)),
  'a source that fails': async (proxy, random) => takeSome(await proxy.readable(random(20)), 1000),
  'a source that the child leaves': (proxy, random) => proxy.take(ownReadable(random(30)), 1 + random(15)),
  'a pipeline': async (proxy, random) => pipeline(ownReadable(random(30)), await proxy.writable(random(30))),
  'a web reader that leaves': async (proxy, random) => takeSome(await proxy.web(), 1 + random(5)),
  'an iterator by hand': async (proxy, random) => {
    const iterator = await proxy.items();
    await iterator.next();
    if (random(2)) await iterator.next();
    await (random(2) ? iterator.return(undefined) : iterator.throw(new RangeError('thrown in')));
  },
};

test(`${ROUNDS} streams, broken off at random by either side, by signals and by the death of a child, leave nothing`, async () => {
  const unhandled: unknown[] = [];
  const record = (error: unknown): number => unhandled.push(error);
  process.on('unhandledRejection', record);
  // The first child, so that one-time costs are not counted.
  await (await lasting()).$terminate();
  const descriptors = openDescriptors();
  const next = seeded(20_260_101);
  const random = (below: number): number => Math.floor(next() * below);
  const start = (index: number): Promise<RemoteLasting> =>
    lasting({ serialization: index % 2 === 0 ? 'json' : 'advanced' });
  const children = await Promise.all(Array.from({ length: CHILDREN }, (_, index) => start(index)));
  const endings: Promise<unknown>[] = [];
  const ways = Object.entries(rounds);
  /** What has not ended, and its name. */
  const running = new Map<Promise<unknown>, string>();
  for (let round = 0; round < ROUNDS; round++) {
    const index = random(CHILDREN);
    const [name, way] = ways[round % ways.length] as [string, Round];
    const ending = way(children[index] as RemoteLasting, random).catch((error: unknown) => error);
    running.set(ending, `${name}, in round ${round}`);
    endings.push(ending.finally(() => running.delete(ending)));
    if (running.size > 8) await within(Promise.race(running.keys()), [...running.values()].join('; '));
    if (round % KILL_EVERY !== KILL_EVERY - 1) continue;
    children[index]?.$process.kill('SIGKILL');
    await children[index]?.$exited;
    children[index] = await start(index);
  }
  await within(Promise.all(endings), 'the end of all').catch(() => {});
  expect([...running.values()]).toEqual([]);
  const errors = (await Promise.all(endings)).filter((ending) => ending instanceof Error);
  const kinds = new Set(errors.map((error) => (error as Error).name));
  expect([...kinds].toSorted()).toEqual(['ChildCrashedError', 'Error', 'RangeError']);
  for (const child of children) {
    await untilNoneOpen(child, true);
    await sleep(20);
    const [begun, cleaned] = await child.counts();
    expect(cleaned).toBe(begun);
    await child.$terminate();
  }
  expect(own.cleaned).toBe(own.begun);
  expect(own.begun).toBeGreaterThan(ROUNDS / 3);
  expect(openDescriptors()).toBeLessThanOrEqual(descriptors);
  process.off('unhandledRejection', record);
  expect(unhandled).toEqual([]);
});
