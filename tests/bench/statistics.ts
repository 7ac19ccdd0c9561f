/** The value below which `part` of the values lie, between the two nearest of them. `NaN` of none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = part * (sorted.length - 1);
  const lower = sorted[Math.floor(place)] ?? NaN;
  const upper = sorted[Math.ceil(place)] ?? NaN;
  return lower + (upper - lower) * (place % 1);
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
