/**
 * Roughly how many bytes a value takes as JSON, or `undefined` when that is more than `limit`: the walk ends there,
 * so that a huge value costs no more than the limit. A cycle ends there too.
 */
export function sizeWithin(value: unknown, limit: number): number | undefined {
  const size = measure(value, limit);
  return size > limit ? undefined : size;
}

function measure(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 8;
  let size = 2;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length && size <= limit; index++) size += 1 + measure(value[index], limit - size);
    return size;
  }
  for (const key in value) {
    if (size > limit) break;
    size += key.length + 4 + measure((value as Record<string, unknown>)[key], limit - size);
  }
  return size;
}
