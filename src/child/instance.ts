import { PropertyError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';

type AnyFunction = (...args: unknown[]) => unknown;

/** The user's object in the child, and what may be done with it from outside. */
export class Instance {
  readonly #object: Record<PropertyKey, unknown>;

  constructor(object: object) {
    this.#object = object as Record<PropertyKey, unknown>;
  }

  describe(): InstanceDescription {
    return { methods: [...methodNames(this.#object)], disposable: this.#disposer() !== undefined };
  }

  /** Runs a method on the real object, so that its `#private` fields work. */
  call(method: string, args: unknown[]): unknown {
    const candidate = this.#object[method];
    if (typeof candidate !== 'function' || reserved.has(method) || isObjectMethod(candidate)) {
      throw new TypeError(`${method} is not a method of the instance`);
    }
    return (candidate as AnyFunction).apply(this.#object, args);
  }

  get(name: string): unknown {
    if (reserved.has(name)) throw new PropertyError(`${name} belongs to the language and cannot be read.`);
    const value = this.#object[name];
    if (typeof value === 'function') {
      throw new PropertyError(`${name} is a method of the instance, not a property. Call it on the proxy.`);
    }
    return value;
  }

  /** Lets the object clean up, as `await using` would. */
  async dispose(): Promise<void> {
    await this.#disposer()?.call(this.#object);
  }

  #disposer(): AnyFunction | undefined {
    const disposer = this.#object[Symbol.asyncDispose] ?? this.#object[Symbol.dispose];
    return typeof disposer === 'function' ? (disposer as AnyFunction) : undefined;
  }
}

const reserved = new Set(['constructor', '__proto__']);

/** Those that every object has: `hasOwnProperty`, `toString`, … as inherited, not as overridden. */
function isObjectMethod(candidate: unknown): boolean {
  return objectMethods.has(candidate);
}

const objectMethods = new Set<unknown>(
  Object.values(Object.getOwnPropertyDescriptors(Object.prototype)).map((descriptor) => descriptor.value as unknown),
);

/** Own and inherited, without reading a getter, which would run code. */
function methodNames(object: object): Set<string> {
  const names = new Set<string>();
  const seen = new Set<string>();
  for (let level: object | null = object; level !== null; level = Object.getPrototypeOf(level) as object | null) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (seen.has(name)) continue;
      seen.add(name);
      if (typeof descriptor.value !== 'function' || reserved.has(name)) continue;
      if (!isObjectMethod(descriptor.value)) names.add(name);
    }
  }
  return names;
}
