import { beforeEach, expect, test, vi } from 'vitest';
import { ProtocolError } from '../../../src/errors.js';
import { Collection } from '../../../src/session/lifetimes/collection.js';
import type { SessionApi } from '../../../src/session/part.js';

/** How long a collection takes, in ms. */
const COLLECTING = 10;
/** The time of the test's clock, in ms. */
let time: number;
/** When collections began. */
let begun: number[];

vi.mock('../../../src/clock.js', async (original) => ({
  ...(await original<typeof import('../../../src/clock.js')>()),
  now: () => time,
  setImmediate: (action: () => void) => later(0, action),
  setTimeout: (action: () => void, ms: number) => (later(ms, action), { unref: () => {} }),
}));
vi.mock('../../../src/session/lifetimes/garbage.js', () => ({
  collectGarbage: () => {
    begun.push(time);
    time += COLLECTING;
  },
}));

/** What waits for its time. */
let waiting: { at: number; action: () => void }[];
function later(ms: number, action: () => void): void {
  waiting.push({ at: time + ms, action });
}

/** Lets the time pass up to `end`. */
function pass(end: number): void {
  for (let next = waiting[0]; next && next.at <= end; next = waiting[0]) {
    waiting.shift();
    time = Math.max(time, next.at);
    next.action();
  }
  time = Math.max(time, end);
}

/** The other side of a session, which asks for garbage collection. `isParent` is the role of the side that is asked. */
class Asking {
  answers = 0;
  /** Called when an answer arrives. */
  onAnswer = (): void => {};
  readonly #collection: Collection;

  constructor(isParent: boolean) {
    this.#collection = new Collection({ isParent, imported: [] });
    const link: Pick<SessionApi, 'sendControl'> = {
      sendControl: () => {
        this.answers++;
        this.onAnswer();
      },
    };
    this.#collection.attach(link as SessionApi);
  }

  ask(): void {
    this.#collection.handlers['callback-collect']?.({ type: 'callback-collect' }, undefined as never);
  }
}

beforeEach(() => {
  time = 0;
  begun = [];
  waiting = [];
});

test('a child that asks again after each answer leaves its parent four fifths of the time', () => {
  const child = new Asking(true);
  child.onAnswer = () => child.ask();
  child.ask();
  pass(500);
  expect(begun).toEqual([0, 50, 100, 150, 200, 250, 300, 350, 400, 450, 500]);
  expect(child.answers).toBe(11);
});

test('a child that asks after a pause does not wait', () => {
  const child = new Asking(true);
  child.ask();
  pass(49);
  child.ask();
  pass(49);
  expect(begun).toEqual([0]);
  pass(300);
  child.ask();
  pass(300);
  expect(begun).toEqual([0, 50, 300]);
});

test('a parent that asks again after each answer does not wait, since its child trusts it', () => {
  const parent = new Asking(false);
  parent.onAnswer = () => parent.ask();
  parent.ask();
  pass(50);
  expect(begun).toEqual([0, 10, 20, 30, 40, 50]);
});

test('asking again before the answer breaks the protocol', () => {
  const child = new Asking(true);
  child.ask();
  expect(() => child.ask()).toThrow(ProtocolError);
});
