/** A class as the language knows it: whatever `new` accepts, whatever its prototype is. */
export type Class = new (...args: unknown[]) => object;

/** Runs nothing of the value: only the third argument has to be a constructor. */
export function isConstructor(value: unknown): value is Class {
  try {
    Reflect.construct(Object, [], value as Class);
    return true;
  } catch {
    return false;
  }
}

export function sourceOf(type: object): string {
  return Function.prototype.toString.call(type);
}

/** The class's name; empty for an anonymous class. A class may hide its name behind a static member of its own. */
export function nameOf(type: object): string {
  try {
    const { name } = type as { name?: unknown };
    if (typeof name === 'string') return name;
  } catch {
    // A static getter that throws.
  }
  return /^class\s+(?!extends\s)([\p{ID_Start}$_][\p{ID_Continue}$]*)/u.exec(sourceOf(type))?.[1] ?? '';
}

/**
 * The names of a class's own members, static or not, and of its base classes: equal for one class that two loaders have compiled,
 * and in general not for two that a mixin has made from the same text.
 */
export function shapeOf(type: Class): string {
  const { prototype } = type as { prototype?: unknown };
  const isObject = typeof prototype === 'object' && prototype !== null;
  const own = [Object.getOwnPropertyNames(type), isObject ? Object.getOwnPropertyNames(prototype) : []];
  const members = own.map((names) => names.filter((name) => !builtIn.has(name)).toSorted());
  return [...members, baseNames(type)].join(';');
}

function baseNames(type: object): string[] {
  const names: string[] = [];
  let base = Object.getPrototypeOf(type) as object | null;
  // Up to `Function.prototype`, of whichever realm: a test runner has one of its own. It cannot be constructed.
  for (; isConstructor(base); base = Object.getPrototypeOf(base) as object | null) names.push(nameOf(base));
  return names;
}

/** What functions and prototypes have by themselves. */
const builtIn = new Set(['arguments', 'caller', 'constructor', 'length', 'name', 'prototype']);
