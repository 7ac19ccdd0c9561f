import { isString } from '../field-checks.js';
import type { JsonValue } from 'type-fest';
import { MAX_DELAY } from '../clock.js';
import { isPlain, isUrl } from '../realm.js';
import { show } from './show.js';

/** Which values an option accepts, and how they are read. */
export interface Kind<Given, Read = Given> {
  /** Returns a sentence that says what is wrong with a value. Not called for `undefined`. */
  check(value: unknown, path: string): string | undefined;
  /** Called with a value that passed the check. */
  read(value: Given): Read;
}

/** A value that is read as it is. `expected` completes "must be …". */
export function kind<T>(expected: string, holds: (value: unknown) => boolean): Kind<T> {
  return {
    check: (value, path) => (holds(value) ? undefined : mustBe(path, expected, value)),
    read: (value) => value,
  };
}

export function mustBe(path: string, expected: string, value: unknown): string {
  return `The option \`${path}\` must be ${expected}, but got ${show(value)}.`;
}

export const flag = kind<boolean>('true or false', (value) => typeof value === 'boolean');

export function oneOf<const T extends string>(...values: T[]): Kind<T> {
  return kind(listed(values), (value) => values.some((each) => each === value));
}

/** A whole number of `least` or more. */
export function whole(least: number, unit?: string): Kind<number> {
  const what = unit === undefined ? 'a whole number' : `a whole number of ${unit}`;
  return kind(`${what}, ${least} or more`, (value) => Number.isInteger(value) && (value as number) >= least);
}

export function numberWithin(least: number, most: number, unit: string): Kind<number> {
  return kind(
    `a number of ${unit} from ${least} to ${most}`,
    (value) => typeof value === 'number' && value >= least && value <= most,
  );
}

/** A delay that a timer waits for, in ms. */
export function delay(least: number): Kind<number> {
  return numberWithin(least, MAX_DELAY, 'milliseconds');
}

/** A limit in ms. `0` means no limit, as in most of Node, and is read as `Infinity`. */
export const timeLimit: Kind<number> = {
  ...kind('a number of milliseconds, 0 or more', (value) => typeof value === 'number' && value >= 0),
  read: (value) => (value === 0 ? Infinity : value),
};

export const text = kind<string>('a string', isString);

export const name = kind<string>('a name', (value) => isString(value) && value !== '');

/** A value that JSON carries unchanged. `undefined` becomes `null`, as in a JSON array. */
export const json = kind<JsonValue>('a value that JSON can express', (value) => value === undefined || isJson(value));

/** A string or a URL. `expected` says what it locates. */
export function location(expected: string): Kind<string | URL> {
  return kind(expected, (value) => isString(value) || isUrl(value));
}

/** An array. Each element must be `element`. */
export function arrayOf<T>(element: Kind<T>): Kind<readonly T[]> {
  return {
    check(value, path) {
      if (!Array.isArray(value)) return mustBe(path, 'an array', value);
      return firstProblem(value.map((each, index) => element.check(each, `${path}[${index}]`)));
    },
    read: (value) => value,
  };
}

/** A plain object. Each property that is not `undefined` must be `property`. */
export function recordOf<T>(property: Kind<T>): Kind<Readonly<Record<string, T | undefined>>> {
  return {
    check(value, path) {
      if (!isPlainObject(value)) return mustBe(path, 'an object', value);
      const given = Object.entries(value).filter(([, each]) => each !== undefined);
      return firstProblem(given.map(([key, each]) => property.check(each, `${path}.${key}`)));
    },
    read: (value) => value,
  };
}

export function firstProblem(problems: readonly (string | undefined)[]): string | undefined {
  return problems.find((problem) => problem !== undefined);
}

export function isPlainObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && isPlain(value);
}

function isJson(value: unknown, holders: readonly object[] = []): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object') return isString(value) || typeof value === 'boolean';
  if (value === null) return true;
  if (holders.includes(value) || !(Array.isArray(value) || isPlain(value))) return false;
  return Object.values(value).every((each) => each === undefined || isJson(each, [...holders, value]));
}

function listed(values: readonly string[]): string {
  return values.map((value) => `'${value}'`).join(' or ');
}
