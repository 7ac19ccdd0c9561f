import { isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Heartbeat } from '../../types/heartbeat.js';
import type { Permissions, ResourceLimits } from '../../types/containment.js';

/** What each field must be; `holds` is asked of one that is not `undefined`. */
export type Fields<T> = { [K in keyof Required<T>]: { expected: string; holds(value: unknown): boolean } };

const flag = { expected: 'true or false', holds: (value: unknown): boolean => typeof value === 'boolean' };

const places = {
  expected: 'true, or an array of absolute paths and file: URLs without an asterisk',
  holds: (value: unknown): boolean => value === true || (Array.isArray(value) && value.every(isPlace)),
};

const size = {
  expected: 'a whole number of MiB of 1 or more',
  holds: (value: unknown): boolean => Number.isInteger(value) && (value as number) > 0,
};

const duration = {
  expected: 'a number of milliseconds from 1 to 2147483647',
  holds: (value: unknown): boolean => typeof value === 'number' && value >= 1 && value < 2 ** 31,
};

/** An asterisk stands for many files where Node's flags have one. */
function isPlace(place: unknown): boolean {
  if (!(place instanceof URL) && typeof place !== 'string') return false;
  const text = String(place);
  if (text.includes('*')) return false;
  if (!(place instanceof URL) && !text.startsWith('file:')) return isAbsolute(text);
  try {
    return fileURLToPath(text) !== '';
  } catch {
    return false;
  }
}

export const permissions: Fields<Permissions> = {
  read: places,
  write: places,
  childProcess: flag,
  worker: flag,
  addons: flag,
  network: flag,
};

export const resourceLimits: Fields<ResourceLimits> = { maxOldGenerationSizeMb: size, maxYoungGenerationSizeMb: size };

export const heartbeat: Fields<Heartbeat> = {
  interval: duration,
  limit: duration,
  onBlocked: {
    expected: "'warn', 'terminate' or a function",
    holds: (value) => value === 'warn' || value === 'terminate' || typeof value === 'function',
  },
};

/** What the option must be, where it is not. */
export function checkFields<T>(option: string, fields: Fields<T>, value: object): string | undefined {
  for (const [name, each] of Object.entries(value)) {
    if (!Object.hasOwn(fields, name)) {
      return `an object with ${Object.keys(fields).join(', ')}, and there is no \`${option}.${name}\``;
    }
    const { expected, holds } = fields[name as keyof T];
    if (each !== undefined && !holds(each)) {
      return `an object whose \`${name}\` is ${expected}, and it is ${JSON.stringify(each) ?? typeof each}`;
    }
  }
  return undefined;
}
