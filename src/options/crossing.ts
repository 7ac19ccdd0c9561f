import { flag, oneOf, timeLimit, whole } from './kind.js';
import { option } from './option.js';

/** How values and functions cross. */
export const crossingOptions = {
  /**
   * How values travel: `'json'`, or `'advanced'` for V8's structured clone, which also carries Map, Set, Date, RegExp, BigInt,
   * binary data, cycles and shared references.
   * @default 'json'
   */
  serialization: option(oneOf('json', 'advanced'), {
    default: 'json',
    fixedAtStart: true,
    remedy: "Use 'advanced' for Map, Set, Date, Buffer and cycles.",
  }),
  /**
   * In advanced mode: strips functions, accessors, symbols and everything else that cannot be cloned from the constructor's
   * arguments. Otherwise such a value is a {@link SerializationError}.
   * @default false
   */
  sanitizeV8: option(flag, {
    default: false,
    fixedAtStart: false,
    remedy: 'Set it to true to strip what cannot be cloned from constructor arguments.',
  }),
  /**
   * Lets sockets and servers move to the child: `$sendHandle()`, and handles anywhere in arguments, results and events.
   * @default false
   */
  supportHandles: option(flag, {
    default: false,
    fixedAtStart: true,
    remedy: 'Set it to true to pass sockets and servers.',
  }),
  /**
   * Lets functions cross in both directions, anywhere in arguments, results and events.
   * @default false
   */
  enableCallbacks: option(flag, {
    default: false,
    fixedAtStart: true,
    remedy: 'Set it to true to pass functions.',
  }),
  /**
   * How many functions of one side the other may hold at a time. At the limit, the other side collects its garbage first. If that
   * frees none, passing another function throws a {@link CallbackLimitError}.
   * @default 1000
   */
  maxCallbacks: option(whole(1), {
    default: 1000,
    fixedAtStart: true,
    remedy: 'It limits how many functions of one side the other side may hold.',
  }),
  /**
   * ms that the caller of the other side's function waits for its result; `0` or `Infinity` for no limit. The caller then gets a
   * {@link TimeoutError}, and the function keeps running.
   * @default 30000
   */
  callbackTimeout: option(timeLimit, {
    default: 30_000,
    fixedAtStart: true,
    remedy: 'Use 0 or Infinity for no limit.',
  }),
  /**
   * Lets objects with methods stay in the child: results, events and arguments of callbacks hold proxies for them, typed
   * {@link Remote}, whose methods run there. A method may be called on a result that has not arrived yet.
   * @default false
   */
  enableReferences: option(flag, {
    default: false,
    fixedAtStart: true,
    remedy: 'Set it to true to keep objects with methods where they are.',
  }),
  /**
   * How many objects of one side the other may hold by reference at a time. At the limit the other side collects its garbage
   * first. If that frees none, one more object is a {@link ReferenceLimitError}.
   * @default 10000
   */
  maxReferences: option(whole(1), {
    default: 10_000,
    fixedAtStart: true,
    remedy: 'It limits how many objects one side may have the other hold.',
  }),
};
