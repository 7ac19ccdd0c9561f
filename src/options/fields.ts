import { firstProblem, isPlainObject, mustBe, type Kind } from './kind.js';
import { unknownName } from './unknown-name.js';

/** The kinds of an object's properties, by their names. All properties are optional. */
export type Fields = Readonly<Record<string, Kind<never, unknown>>>;

/** The object, as a user writes it. */
export type GivenFields<F extends Fields> = {
  -readonly [K in keyof F]?: (F[K] extends Kind<infer G, unknown> ? G : never) | undefined;
};

/** An option that is an object with these properties. */
export function fieldsOf<F extends Fields>(fields: F): Kind<GivenFields<F>> {
  const known = Object.keys(fields);
  return {
    check(value, path) {
      if (!isPlainObject(value)) return mustBe(path, 'an object', value);
      const given = Object.entries(value).filter(([, each]) => each !== undefined);
      return firstProblem(
        given.map(([name, each]) => {
          const here = `${path}.${name}`;
          const paths = known.map((field) => `${path}.${field}`);
          return Object.hasOwn(fields, name) ? fields[name]?.check(each, here) : unknownName(here, paths);
        }),
      );
    },
    read: (value) => value,
  };
}
