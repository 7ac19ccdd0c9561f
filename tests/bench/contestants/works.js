/** What a contestant is made to do. Each work resolves to one sample, in the unit of its row. */
import { deepStrictEqual } from 'node:assert';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { childrenOf } from './placement.js';
import { usedAfterCollection } from './heap.js';

const values = {
  number: 1,
  object: { id: 1, name: 'a small message', tags: ['x', 'y'] },
  // 108 KB as JSON.
  objects: Array.from({ length: 1000 }, (_, id) => ({
    id,
    name: `an item of the list, the ${String(id).padStart(4, '0')}th`,
    tags: ['red', 'green', 'blue'],
    isActive: true,
    score: 0.5,
  })),
  sixtyFour: Buffer.alloc(64_000, 7),
  megabyte: Buffer.alloc(1_000_000, 7),
  sixteen: Buffer.alloc(16_000_000, 7),
};

/**
 * Times `chunk`, which resolves to how much it did: so much a second, over all of the time. It goes on warming up until `least` is done,
 * so that on a busy machine too it is compiled code that is measured.
 */
async function perSecond(chunk, { warmUp, time }, least = 0) {
  let done = 0;
  for (const end = performance.now() + warmUp; performance.now() < end || done < least;) done += await chunk();
  done = 0;
  let elapsed = 0;
  const start = performance.now();
  do {
    done += await chunk();
    elapsed = performance.now() - start;
  } while (elapsed < time);
  return (done / elapsed) * 1000;
}

/** As many calls at once as `window` says, then as many again. */
function burst({ echo }, value, window) {
  return async () => {
    const calls = [];
    for (let n = 0; n < window; n++) calls.push(echo(value));
    await Promise.all(calls);
    return window;
  };
}

async function inFlight(contestant, { value = 'number', window, times }) {
  const sent = values[value];
  const received = await contestant.echo(sent);
  // A thread's Buffer arrives as a Uint8Array.
  deepStrictEqual(Buffer.isBuffer(sent) ? Buffer.from(received) : received, sent);
  return perSecond(burst(contestant, sent, window), times, value === 'number' || value === 'object' ? 5000 : 0);
}

/** Megabytes of memory that a process holds. */
function residentMegabytes(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) / 1024;
}

async function megabytesOfChild(contestant) {
  await contestant.echo(values.number);
  await sleep(500);
  return residentMegabytes(childrenOf(process.pid)[0]);
}

const million = {
  async calls(contestant, count) {
    for (let done = 0; done < count; done += 1000) await burst(contestant, values.number, 1000)();
  },
  async callbacks(contestant, count) {
    for (let done = 0; done < count; done += 10_000) await contestant.fire(10_000);
  },
};

export const works = {
  /** µs a call. */
  alone: async (contestant, settings) => 1e6 / (await inFlight(contestant, { ...settings, window: 1 })),
  /** Calls a second. */
  inFlight,
  /** Callbacks a second. */
  fire: (contestant, { times }) =>
    perSecond(async () => {
      await contestant.fire(10_000);
      return 10_000;
    }, times),
  ask: (contestant, { times }) =>
    perSecond(
      async () => {
        await contestant.ask(500);
        return 500;
      },
      times,
      2000,
    ),
  askSync: (contestant, { times }) =>
    perSecond(
      async () => {
        await contestant.askSync(500);
        return 500;
      },
      times,
      2000,
    ),
  /** MB that an idle child holds, after one call. */
  idle: megabytesOfChild,
  /** MB that the child holds after a million calls. */
  async idleAfterMillion(contestant) {
    await million.calls(contestant, 1_000_000);
    return megabytesOfChild(contestant);
  },
  /** MB by which a million more of them make the heap of a process grow, of the two that which grows most. */
  async growth(contestant, { of }) {
    const sizes = async () => [usedAfterCollection(), await contestant.heapUsed()];
    await million[of](contestant, 100_000);
    await contestant.heapUsed();
    const before = await sizes();
    await million[of](contestant, 1_000_000);
    const after = await sizes();
    return Math.max(...after.map((size, side) => size - before[side])) / 1e6;
  },
};

/** ms until the first result, a new child each time. The first one is not measured: it loads what the next ones find. */
export async function creation({ prepare, start }, settings, { times }) {
  const samples = [];
  const end = performance.now() + times.time;
  while (samples.length < 4 || performance.now() < end) {
    await prepare?.(settings);
    const begin = performance.now();
    const contestant = await start(settings);
    await contestant.echo(values.number);
    samples.push(performance.now() - begin);
    await contestant.stop();
  }
  return samples.slice(1).reduce((sum, sample) => sum + sample, 0) / (samples.length - 1);
}
