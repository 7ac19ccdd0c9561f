import * as fc from 'fast-check';

/**
 * Messages such as a hostile process may send: right ones, nearly right ones and nonsense, about calls, functions and streams
 * that exist and about others. They are what JSON can say; `#n` stands for the n-th function that the other side has exported,
 * and `@deep`, `@causes`, `@map` and others for what an array of messages could not hold or be shown with.
 */

const smallId = fc.integer({ min: 1, max: 12 });
const oddNumber = fc.constantFrom(0, -1, 1.5, 2 ** 31, 2 ** 53, 1e300, Number.MAX_SAFE_INTEGER);
const hostileName = fc.constantFrom(
  '__proto__',
  'constructor',
  'prototype',
  'then',
  'toString',
  'hasOwnProperty',
  'toJSON',
  '$terminate',
  '__procxy_type',
  '__procxy_callback',
  '__procxy_meta',
  'work',
  '',
);
const name = fc.oneof({ weight: 3, arbitrary: hostileName }, { weight: 1, arbitrary: fc.string({ maxLength: 6 }) });
const functionId = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: 0, max: 9 }).map((n) => `#${n}`) },
  { weight: 1, arbitrary: fc.uuid() },
  { weight: 1, arbitrary: name },
);
const referenceId = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('r1', 'r2', 'r3', 'r9') },
  { weight: 1, arbitrary: name },
);
const nothing = fc.constant(undefined);
const primitive = fc.oneof(
  fc.constantFrom(null, true, false, 0, -1, '', 'text', '@map', '@date', '@bytes'),
  oddNumber,
  name,
);

/** Values with descriptors, real and forged, and keys that mean something elsewhere. */
const { value } = fc.letrec<{ value: unknown; descriptor: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    primitive,
    tie('descriptor'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(name, tie('value'), { maxKeys: 3 }),
  ),
  descriptor: fc.oneof(
    fc.record({ __procxy_type: name, value: tie('value') }, { requiredKeys: [] }),
    fc.record(
      {
        __procxy_type: fc.constantFrom(
          'undefined',
          'negative-zero',
          'self',
          'escaped',
          'error',
          'handle',
          'stream',
          'abort-signal',
          'reference',
          'result',
        ),
        value: tie('value'),
      },
      { requiredKeys: ['__procxy_type'] },
    ),
    fc.record({
      __procxy_type: fc.constant('error'),
      value: fc.record(
        {
          class: name,
          name,
          message: name,
          stack: name,
          cause: tie('value'),
          errors: tie('value'),
          properties: tie('value'),
        },
        { requiredKeys: ['class', 'message'] },
      ),
    }),
    fc.record({
      __procxy_type: fc.constant('stream'),
      value: fc.record({
        kind: fc.constantFrom('iterator', 'readable', 'writable', 'readable-stream', 'writable-stream', 'duplex', 'x'),
        id: fc.oneof(smallId, oddNumber),
        objectMode: fc.boolean(),
      }),
    }),
    fc.record({
      __procxy_type: fc.constant('abort-signal'),
      value: fc.record({ id: fc.oneof(smallId, oddNumber), aborted: tie('value') }, { requiredKeys: [] }),
    }),
    fc.record({
      __procxy_type: fc.constant('reference'),
      value: fc.oneof(
        fc.record({ id: referenceId, shape: fc.oneof(smallId, oddNumber) }),
        fc.record({ id: referenceId, home: fc.constant(true) }),
      ),
    }),
    fc.record({ __procxy_type: fc.constant('result'), value: fc.record({ callId: fc.oneof(smallId, oddNumber) }) }),
    fc.record({
      __procxy_callback: functionId,
      __procxy_meta: fc.oneof(
        fc.record(
          { type: fc.constant('function'), arity: fc.nat(3), name, sync: fc.boolean(), home: fc.boolean() },
          { requiredKeys: ['type', 'arity', 'name'] },
        ),
        tie('value'),
      ),
    }),
  ),
}));
const anyValue = fc.oneof(
  { weight: 60, arbitrary: value },
  { weight: 1, arbitrary: fc.constantFrom('@deep', '@causes') },
);

const coded = fc.oneof(
  nothing,
  fc.constant(true),
  fc.array(fc.oneof(functionId, smallId, referenceId), { maxLength: 3 }),
  anyValue,
);
const args = fc.oneof(
  { weight: 8, arbitrary: fc.array(anyValue, { maxLength: 3 }) },
  { weight: 1, arbitrary: anyValue },
);
const result = fc.constantFrom('success', 'error');
const event = fc.oneof(
  fc.constantFrom('heard', 'other', 'error'),
  name,
  fc.record({ key: name }),
  fc.record({ description: name }),
  anyValue,
);
/** Rarely another than the instance: most events of an unknown one end the session. */
const emitter = { referenceId: fc.oneof({ weight: 3, arbitrary: nothing }, { weight: 1, arbitrary: referenceId }) };
const id = fc.oneof({ weight: 12, arbitrary: smallId }, { weight: 1, arbitrary: oddNumber });
const pairs = fc.array(fc.tuple(name, anyValue), { maxLength: 3 });
const count = fc.oneof(fc.integer({ min: 1, max: 3 }), oddNumber);

const fields: Record<string, Record<string, fc.Arbitrary<unknown>>> = {
  'call-invoke': { callId: id, target: fc.constantFrom(undefined, 'agent', 'instance'), method: name, args, coded },
  'call-result': { callId: id, result, value: anyValue, error: anyValue, coded },
  'callback-invoke': {
    callbackId: functionId,
    args,
    invokeId: id,
    after: fc.oneof(nothing, count),
    early: fc.oneof(nothing, anyValue),
    coded,
  },
  'callback-result': { invokeId: id, result, value: anyValue, error: anyValue, coded },
  'callback-cleanup': { callbackId: functionId, count },
  'callback-release': { callbackId: functionId },
  'callback-collected': {},
  'callback-failed': { name, reason: name },
  'reference-invoke': {
    callId: id,
    referenceId,
    kind: fc.constantFrom(undefined, 'property', 'symbol', 'setter'),
    method: fc.oneof(name, fc.constantFrom('log', 'secret', 'iterator')),
    args,
    coded,
  },
  'reference-shape': {
    shapeId: id,
    className: name,
    methods: fc.array(name, { maxLength: 3 }),
    symbols: fc.array(fc.constantFrom('iterator', 'asyncIterator', 'asyncDispose', 'constructor'), { maxLength: 2 }),
    properties: fc.array(name, { maxLength: 2 }),
    emitter: fc.constantFrom(undefined, true, 1),
  },
  'reference-cleanup': { referenceId, count },
  'result-invoke': { callId: id, resultOf: id, method: name, args, coded },
  'results-read': { callId: id },
  'stream-pull': { streamId: id, credit: count },
  'stream-step': { streamId: id, method: fc.constantFrom('next', 'return', 'throw', 'x'), value: anyValue, coded },
  'stream-data': {
    streamId: id,
    items: args,
    answer: fc.constantFrom(undefined, true, 1),
    bytes: fc.oneof(nothing, name),
    coded,
  },
  'stream-end': { streamId: id, result, answer: fc.constantFrom(undefined, true), value: anyValue, coded },
  'stream-close': { streamId: id, result, value: anyValue, coded },
  'stream-drop': { streamId: id },
  'signal-abort': { signalId: id, reason: anyValue, coded },
  'signal-release': { signalId: id },
  heartbeat: {},
  'messages-watched': {},
  'child-fatal': { error: anyValue, coded },
  'property-update': {
    set: fc.oneof(pairs, anyValue),
    unavailable: fc.oneof(nothing, pairs),
    removed: fc.oneof(nothing, fc.array(name, { maxLength: 2 })),
    coded,
  },
  'event-subscribe': { event, ...emitter },
  'event-unsubscribe': { event, ...emitter },
  'event-unsubscribed': { event, ...emitter },
  'event-emit': { event, ...emitter, args, coded },
  'event-failed': { event, ...emitter, error: anyValue, coded },
  'handle-transfer': {
    handleId: id,
    handle: fc.constantFrom(
      { kind: 'socket', allowHalfOpen: false },
      { kind: 'dgram', type: 'udp4' },
      { kind: 'server' },
    ),
  },
  'handle-received': { handleId: id },
  'handle-kept': { handleId: id },
};

const typed = fc.oneof(
  ...Object.entries(fields).map(([type, shape]) => fc.record({ type: fc.constant(type), ...shape })),
);
/** One that lacks a field, or has another value in it. */
const damaged = fc.tuple(typed, fc.nat(6), fc.oneof(nothing, anyValue)).map(([message, index, other]) => {
  const keys = Object.keys(message);
  return { ...message, [keys[index % keys.length] as string]: other };
});
/** One of which a part is missing, or that ends in the middle of a list: what is left of it was copied. */
const halved = fc
  .tuple(typed, fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }))
  .map(([whole, places]) => withoutPart(whole, places));

function withoutPart(whole: unknown, [place = 0, ...deeper]: readonly number[]): unknown {
  if (typeof whole !== 'object' || whole === null) return whole;
  if (Array.isArray(whole)) {
    if (whole.length === 0) return whole;
    const index = place % whole.length;
    return deeper.length === 0 ? whole.slice(0, index) : whole.with(index, withoutPart(whole[index], deeper));
  }
  const entries = Object.entries(whole);
  const index = place % (entries.length || 1);
  if (deeper.length === 0) return Object.fromEntries(entries.toSpliced(index, 1));
  return Object.fromEntries(entries.map(([key, part], n) => [key, n === index ? withoutPart(part, deeper) : part]));
}

const message = fc.oneof(
  { weight: 10, arbitrary: typed },
  { weight: 2, arbitrary: damaged },
  { weight: 2, arbitrary: halved },
);

/** What the rows of a batch may begin with, in any order. */
const rows = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 8 }) },
    { weight: 2, arbitrary: id },
    functionId,
    args,
    anyValue,
    message,
  ),
  { maxLength: 12 },
);
const soundRow = fc.oneof(
  message.map((each) => [0, each]),
  fc.tuple(fc.constant(2), id, anyValue),
  fc.tuple(fc.constant(3), id),
  fc.tuple(fc.constant(4), id, functionId, fc.array(anyValue, { maxLength: 2 })),
  fc.tuple(fc.constant(7), id, fc.array(anyValue, { maxLength: 2 })),
);
const batch = fc.record({
  type: fc.constant('batch'),
  rows: fc.oneof(
    rows,
    fc.array(soundRow, { maxLength: 4 }).map((each) => each.flat(1)),
    anyValue,
  ),
});

/** Rows as a message that travels alone. Only one of a call or an answer is sound. */
const loneRow = fc.oneof(rows, soundRow).map((row) => ['procxy', ...row]);

/** What a session goes on after, mostly: else it would be over before anything interesting is under way. */
const plain = fc.jsonValue({ maxDepth: 2 });
const freshId = fc.integer({ min: 1, max: 1e9 });
const exported = fc.integer({ min: 0, max: 9 }).map((n) => `#${n}`);
const rare = (arbitrary: fc.Arbitrary<unknown>): fc.WeightedArbitrary<unknown> => ({ weight: 1, arbitrary });
const often = (arbitrary: fc.Arbitrary<unknown>): fc.WeightedArbitrary<unknown> => ({ weight: 15, arbitrary });
const polite = [
  often(
    fc.record({
      type: fc.constant('event-emit'),
      event: fc.constant('heard'),
      args: fc.array(plain, { maxLength: 3 }),
    }),
  ),
  often(fc.record({ type: fc.constant('property-update'), set: fc.array(fc.tuple(name, plain), { maxLength: 3 }) })),
  often(
    fc.record({
      type: fc.constant('callback-invoke'),
      callbackId: exported,
      invokeId: freshId,
      args: fc.array(value, { maxLength: 2 }),
      coded: fc.constantFrom(undefined, true),
    }),
  ),
  often(
    fc.record({
      type: fc.constant('batch'),
      rows: fc.tuple(fc.constant(4), freshId, exported, fc.array(plain, { maxLength: 2 })),
    }),
  ),
  often(fc.record({ type: fc.constant('callback-failed'), name, reason: name })),
  often(fc.record({ type: name })),
  rare(fc.record({ type: fc.constant('call-result'), callId: fc.integer({ min: 1, max: 7 }), result, value: plain })),
];
const pull = often(
  fc.record({
    type: fc.constant('stream-pull'),
    streamId: fc.constant('@iterator'),
    credit: fc.integer({ min: 1, max: 3 }),
  }),
);
const toChild = often(
  fc.record({
    type: fc.constant('call-invoke'),
    callId: freshId,
    method: name,
    args: fc.array(value, { maxLength: 2 }),
  }),
);

/** @param side who gets it */
export function anyMessage(side: 'parent' | 'child'): fc.Arbitrary<unknown> {
  const well = side === 'parent' ? [...polite, pull] : [...polite, pull, toChild];
  return fc.oneof(
    { weight: 300, arbitrary: fc.oneof(...well) },
    // It makes the process collect its garbage, which takes its time.
    { weight: 1, arbitrary: fc.constant({ type: 'callback-collect' }) },
    { weight: 12, arbitrary: message },
    { weight: 3, arbitrary: batch },
    { weight: 3, arbitrary: loneRow },
    { weight: 1, arbitrary: anyValue },
  );
}
