import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { SerializationError } from '../../src/errors.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { call, openSides, type Side } from '../support/two-sides.js';
import { fingerprint, noteEscapes, turn } from './escapes.js';
import { build, difference, graph, mustCross, type Graph } from './graphs.js';
import { use } from './use.js';

/** How a value goes from one side to the other. */
const ways = [
  'argument',
  'result',
  'thrown',
  'callback argument',
  'callback result',
  'callback thrown',
  'item',
  'returned',
  'reason',
] as const;

interface Round {
  way: (typeof ways)[number];
  graph: Graph;
  /** Whether the receiver uses what arrives, or lets it go. */
  isUsed: boolean;
}

const round: fc.Arbitrary<Round> = fc.record({ way: fc.constantFrom(...ways), graph, isUsed: fc.boolean() });

export interface HonestReport {
  values: number;
  arrived: number;
  refused: number;
}

/**
 * Sends so many values from side to side of a session, both of which keep the protocol.
 * @throws with the smallest sequence that was found, when a value arrives in part, one that can cross is refused, one is never answered
 *   for, anything is thrown, or one side takes the other for hostile
 */
export async function fuzzHonest(mode: SerializationMode, values: number, seed?: number): Promise<HonestReport> {
  const report: HonestReport = { values: 0, arrived: 0, refused: 0 };
  const isJson = mode === 'json';
  const escapes = noteEscapes();
  const pristine = fingerprint();
  const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 20 }), async (rounds) => {
    const pair = new HonestPair(mode);
    for (const each of rounds) {
      report.values++;
      const { sent, value } = await pair.carry(each.way, () => build(each.graph, isJson));
      if (isRefusal(value)) {
        report.refused++;
        if (mustCross(each.graph, isJson)) throw new Error(`refused: ${value.message}`);
      } else {
        report.arrived++;
        const path = difference(sent, value, isJson);
        if (path !== undefined) throw new Error(`${each.way}: ${path} arrived changed`);
        if (each.isUsed && typeof value === 'object' && value !== null)
          for (const part of Object.values(value)) use(part);
      }
      await turn();
      pair.check();
      escapes.check();
    }
    pair.close();
    await turn();
    escapes.check();
    if (fingerprint() !== pristine) throw new Error('a global was changed');
  });
  try {
    while (report.values < values) {
      await fc.assert(property, {
        numRuns: Math.min(100, Math.ceil(values / 10)),
        endOnFailure: false,
        ...(seed !== undefined && { seed: seed + report.values }),
      });
    }
    // What fails late: files, timers and what is collected.
    for (let turns = 0; turns < 100; turns++) await turn();
    escapes.check();
  } finally {
    escapes.stop();
  }
  return report;
}

/** Both sides of a session in this process, and one value on its way. */
class HonestPair {
  readonly #sides: readonly [parent: Side, child: Side];
  #make: () => unknown = () => undefined;
  #sent: { value: unknown } | undefined;
  /** What the receiver has: a value, or the refusal in its place. */
  #got: unknown;

  constructor(mode: SerializationMode) {
    const keep = this.#keep;
    const methods = {
      take: keep,
      give: () => this.#take(),
      fail: () => this.#fail(),
      invoke: (fn: (value: unknown) => Promise<unknown>) => fn(this.#take()).then(() => {}, keep),
      ask: (fn: () => Promise<unknown>) => fn().then(keep, keep),
      items: (isReturned: boolean) => this.#items(isReturned),
      heard: (signal: AbortSignal) =>
        new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(keep(signal.reason)), { once: true });
        }),
    };
    const { parent, child } = openSides({ mode, limit: 1000, methods });
    this.#sides = [parent, child];
  }

  /** @param make runs when its value is to be sent: a stream of it may fail soon */
  async carry(way: Round['way'], make: () => unknown): Promise<{ sent: unknown; value: unknown }> {
    this.#make = make;
    this.#sent = undefined;
    this.#got = undefined;
    await Promise.race([this.#send(way), late(way)]);
    return { sent: this.#take(), value: this.#got };
  }

  /** Neither side has done anything wrong. */
  check(): void {
    const [violation] = this.#sides.flatMap(({ violations }) => violations);
    if (violation) throw new Error('one side took the other for hostile', { cause: violation });
  }

  close(): void {
    for (const { session } of this.#sides) session.close((method) => new Error(`${method}: over`));
  }

  async #send(way: Round['way']): Promise<void> {
    const keep = this.#keep;
    const ask = (method: string, ...args: unknown[]): Promise<unknown> => call(this.#sides[0], method, ...args);
    switch (way) {
      case 'argument':
        return void (await ask('take', this.#take()).catch(keep));
      case 'result':
        return ask('give').then(keep, keep);
      case 'thrown':
        return ask('fail').then(keep, keep);
      case 'callback argument':
        return void (await ask('invoke', keep));
      case 'callback result':
        return void (await ask('ask', () => this.#take()));
      case 'callback thrown':
        return void (await ask('ask', () => this.#fail()));
      case 'item':
        return stepOf(ask('items', false)).then(keep, keep);
      case 'returned':
        return stepOf(ask('items', true)).then(keep, keep);
      case 'reason':
        return this.#abort(ask);
    }
  }

  async #abort(ask: (method: string, signal: AbortSignal) => Promise<unknown>): Promise<void> {
    const controller = new AbortController();
    const heard = ask('heard', controller.signal);
    await turn();
    controller.abort(this.#take());
    await heard;
  }

  readonly #keep = (value: unknown): void => {
    this.#got = value;
  };

  #take(): unknown {
    return (this.#sent ??= { value: this.#make() }).value;
  }

  #fail(): never {
    throw this.#take();
  }

  *#items(isReturned: boolean): Generator<unknown, unknown> {
    if (isReturned) return this.#take();
    yield this.#take();
    return undefined;
  }
}

/** What the first step of an iterator gives. */
async function stepOf(result: unknown): Promise<unknown> {
  const iterator = (result as AsyncIterable<unknown>)[Symbol.asyncIterator]();
  const { value } = await iterator.next();
  await iterator.return?.();
  return value;
}

function isRefusal(value: unknown): value is SerializationError {
  return value instanceof SerializationError;
}

async function late(way: string): Promise<never> {
  await sleep(10_000, undefined, { ref: false });
  throw new Error(`never answered for: ${way}`);
}
