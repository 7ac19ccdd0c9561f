/**
 * Removes the collection, which comes last, from the arguments of `map.forEach(visit)`, `set.forEach(visit)` and the like. A
 * collection cannot cross in JSON mode, and a function with two parameters does not use it. Returns `undefined` for other calls.
 * @param arity how many parameters the function declares
 */
export function withoutCollection(args: readonly unknown[], arity: number): readonly unknown[] | undefined {
  const [value, key, collection] = args;
  if (args.length !== 3 || arity > 2) return undefined;
  const isVisit =
    (collection instanceof Map && Object.is(collection.get(key), value)) ||
    (collection instanceof Set && Object.is(key, value) && collection.has(value)) ||
    (Array.isArray(collection) && typeof key === 'number' && Object.is(collection[key], value));
  return isVisit ? [value, key] : undefined;
}
