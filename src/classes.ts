/** Any value that `new` accepts, with any prototype. */
export type Class = new (...args: unknown[]) => object;

/** Whether a value is a constructor. Does not run it: `Reflect.construct()` only checks its third argument. */
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

/** Returns the name of a class, or `''` for an anonymous class. Handles classes with a static member `name`. */
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
 * Lists the names of a class's own members, static or not, and of its base classes. The result is the same for a class that two
 * loaders have compiled. It usually differs between classes that a mixin has made from the same text.
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
  // Ends at the `Function.prototype` of any realm, such as a test runner's: it is not a constructor.
  for (; isConstructor(base); base = Object.getPrototypeOf(base) as object | null) names.push(nameOf(base));
  return names;
}

/** Members that all functions and prototypes have. */
const builtIn = new Set(['arguments', 'caller', 'constructor', 'length', 'name', 'prototype']);
