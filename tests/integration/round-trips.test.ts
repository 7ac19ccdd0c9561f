import { isDeepStrictEqual } from 'node:util';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { procxy, SerializationError, type Procxy } from 'procxy';
import { Calculator } from '../fixtures/calculator.js';
import { times } from '../support/thorough.js';

const RUNS = times(2000, 10_000);
/** Many values travel in one call, each in a place of its own: so many real round trips fit into a test. */
const BATCH = 50;

const key = fc.oneof(
  fc.string(),
  fc.constantFrom('__proto__', '__procxy_type', '__procxy_callback', 'toJSON', 'then', 'constructor'),
);

const jsonValues = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, false, undefined, -0, ''),
    fc.string({ unit: 'binary' }),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(key, tie('defined'), { maxKeys: 5, noNullPrototype: true }),
    fc.constantFrom(new TypeError('an error')).map((error) => error.message),
  ),
  // A property that is undefined is dropped, as JSON does: the one change that is not one.
  defined: tie('value').filter((value) => value !== undefined),
})).value;

const cloneValues = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(null, true, undefined, NaN, Infinity, -0),
    fc.string({ unit: 'binary' }),
    fc.double(),
    fc.bigInt(),
    fc.date({ noInvalidDate: true }),
    fc.uint8Array({ maxLength: 20 }),
    fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
    fc.float64Array({ maxLength: 5 }),
    fc.int16Array({ maxLength: 5 }).map((view) => view.buffer),
    fc.constantFrom(/a/g, /[^\n]+/u),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.sparseArray(tie('value'), { maxLength: 8 }),
    fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
    fc.array(fc.tuple(tie('value'), tie('value')), { maxLength: 4 }).map((entries) => new Map(entries)),
    fc.array(tie('value'), { maxLength: 4 }).map((members) => new Set(members)),
  ),
})).value;

/** Puts something that cannot cross somewhere into a value that can. */
function poisoned(poison: unknown, inner: unknown): [value: unknown, path: string][] {
  return [
    [poison, 'args[0]'],
    [[inner, poison], 'args[0][1]'],
    [{ good: inner, bad: [{ deep: poison }] }, 'args[0].bad[0].deep'],
  ];
}

function show(value: unknown): string {
  return fc.stringify(value);
}

describe('round trips through a real child', () => {
  for (const [serialization, values] of [
    ['json', jsonValues],
    ['advanced', cloneValues],
  ] as const) {
    describe(`${serialization} mode`, () => {
      let child: Procxy<Calculator>;
      beforeAll(async () => {
        child = (await procxy(Calculator, '../fixtures/calculator.js', {
          serialization,
        })) as unknown as Procxy<Calculator>;
      });
      afterAll(() => child.$terminate());

      test(`${RUNS} values come back deep-equal and of the same types`, async () => {
        let count = 0;
        await fc.assert(
          fc.asyncProperty(fc.array(values, { minLength: BATCH, maxLength: BATCH }), async (batch) => {
            const arrived = (await Promise.all(batch.map((value) => child.echo(value)))) as unknown[];
            for (const [index, value] of batch.entries()) {
              if (!isDeepStrictEqual(arrived[index], value))
                expect.unreachable(`${show(value)} became ${show(arrived[index])}`);
            }
            count += batch.length;
          }),
          { numRuns: RUNS / BATCH },
        );
        expect(count).toBeGreaterThanOrEqual(RUNS);
      });

      test('other values are refused with a path, and the proxy stays usable', async () => {
        const never = [() => {}, Symbol('s'), Promise.resolve(), new WeakSet(), class {}];
        const notInJson = [
          1n,
          NaN,
          -Infinity,
          new Map(),
          new Set(),
          Buffer.from(''),
          new Uint8Array(1),
          /x/,
          new ArrayBuffer(1),
        ];
        const poison = fc.constantFrom<unknown>(...never, ...(serialization === 'json' ? notInJson : []));
        await fc.assert(
          fc.asyncProperty(poison, values, async (bad, inner) => {
            for (const [value, path] of poisoned(bad, inner)) {
              const error = await child.echo(value).catch((reason: unknown) => reason);
              expect(error).toBeInstanceOf(SerializationError);
              expect((error as SerializationError).path).toBe(path);
            }
          }),
          { numRuns: 500 },
        );
        expect(await child.add(1, 2)).toBe(3);
      });
    });
  }
});
