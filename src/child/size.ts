import { types } from 'node:util';

/**
 * Roughly how many bytes a value takes as JSON, or `undefined` when that is more than `limit`: the walk ends there,
 * so that a huge value costs no more than the limit, and a huge array or string nothing. A cycle ends there too.
 */
export function sizeWithin(value: unknown, limit: number): number | undefined {
  const size = measure(value, limit);
  return size > limit ? undefined : size;
}

/** No element of an array takes less than a digit and a comma. */
const LEAST_ELEMENT = 2;

function measure(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  let size = 2;
  if (Array.isArray(value)) {
    if (value.length * LEAST_ELEMENT > limit) return limit + 1;
    for (let index = 0; index < value.length && size <= limit; index++) size += 1 + measure(value[index], limit - size);
    return size;
  }
  if (ArrayBuffer.isView(value) || types.isArrayBuffer(value)) return value.byteLength;
  if (types.isMap(value) || types.isSet(value)) {
    for (const entry of value) {
      if (size > limit) break;
      size += measure(entry, limit - size);
    }
    return size;
  }
  for (const key in value) {
    if (size > limit) break;
    size += key.length + 4 + measure((value as Record<string, unknown>)[key], limit - size);
  }
  return size;
}
