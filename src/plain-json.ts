/**
 * JSON as it is without a `toJSON` that a program, or an old library such as Prototype.js, has added to `Array.prototype` or
 * `Object.prototype`. The codec has called it for the user's values. In messages themselves it would change what they mean.
 */

/** Runs `write`, which calls JSON.stringify(), without an added `toJSON`. */
export function withPlainJson<T>(write: () => T): T {
  const taken: [object, PropertyDescriptor][] = [];
  for (const prototype of [Array.prototype, Object.prototype]) {
    const added = Object.getOwnPropertyDescriptor(prototype, 'toJSON');
    if (added && Reflect.deleteProperty(prototype, 'toJSON')) taken.push([prototype, added]);
  }
  try {
    return write();
  } finally {
    for (const [prototype, added] of taken) Object.defineProperty(prototype, 'toJSON', added);
  }
}

/** Whether a `toJSON` was added. It looks at both prototypes, since arrays inherit from `Object.prototype`. */
export function isJsonChanged(): boolean {
  return 'toJSON' in Array.prototype;
}

export function stringify(value: unknown): string {
  return isJsonChanged() ? withPlainJson(() => JSON.stringify(value)) : JSON.stringify(value);
}
