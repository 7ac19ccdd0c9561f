import { timeLimit, kind, whole } from './kind.js';
import { option } from './option.js';

const aFunction = kind<object>('a function', (value) => typeof value === 'function');

/** What `procxyKeyed()` takes besides the options of `procxy()`. */
export const keyedOptions = {
  /**
   * How many instances may live at a time. Beyond it the one that has been idle for longest makes room; where none is idle, calls wait.
   * @default 100
   */
  maxInstances: option(whole(1), { default: 100, fixedAtStart: false, remedy: 'For example: { maxInstances: 200 }.' }),
  /**
   * ms without a call after which an instance is saved and ends; `0` or `Infinity`: never.
   * @default 300000
   */
  idleTimeout: option(timeLimit, { default: 300_000, fixedAtStart: false, remedy: 'Use 0 or Infinity for no limit.' }),
  /**
   * How many instances share a child process. A crash there, or a method that blocks the event loop, concerns all of them.
   * @default 1
   */
  perChild: option(whole(1), { default: 1, fixedAtStart: false, remedy: 'For example: { perChild: 50 }.' }),
  /**
   * How many calls may wait. One more rejects with a {@link QueueFullError}.
   * @default 10000
   */
  maxQueue: option(whole(0), { default: 10_000, fixedAtStart: false, remedy: 'Use 0 to let no call wait.' }),
  /**
   * ms that a call may wait; `0` or `Infinity` for no limit. It then rejects with a {@link QueueTimeoutError}.
   * @default Infinity
   */
  queueTimeout: option(timeLimit, {
    default: Infinity,
    fixedAtStart: false,
    remedy: 'Use 0 or Infinity for no limit.',
  }),
  /**
   * Called with a key before its instance is made. What it gives, or its promise, becomes the second argument of the constructor.
   * @default none
   */
  // The types of both functions depend on the class, and so stand in those of the options of `procxyKeyed()`.
  restore: option(aFunction, { fixedAtStart: false, remedy: 'For example: { restore: (key) => db.read(key) }.' }),
  /**
   * Called with the proxy of an instance and its key before the instance ends, and awaited: when it has been idle for long, makes room
   * for another, or is drained. Where it rejects, the instance lives on, and the save is tried again later.
   * @default none
   */
  save: option(aFunction, {
    fixedAtStart: false,
    remedy: 'For example: { save: async (cart, key) => db.write(key, await cart.save()) }.',
  }),
};
