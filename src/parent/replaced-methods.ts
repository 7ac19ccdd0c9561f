/**
 * Methods of a proxy that code of this process has replaced, as `vi.spyOn()` and `jest.spyOn()` do. The instance does not notice, and
 * neither do other proxies of it.
 */
export class ReplacedMethods {
  readonly #isMethod: (key: PropertyKey) => boolean;
  readonly #originals = new Map<PropertyKey, PropertyDescriptor>();

  constructor(isMethod: (key: PropertyKey) => boolean) {
    this.#isMethod = isMethod;
  }

  /** Returns whether the member is a method and its new value a function: nothing else can be replaced. */
  replace(target: object, key: PropertyKey, { value }: PropertyDescriptor): boolean {
    if (typeof value !== 'function' || !this.#isMethod(key)) return false;
    const current = Reflect.getOwnPropertyDescriptor(target, key);
    if (current && !this.#originals.has(key)) this.#originals.set(key, current);
    return Reflect.defineProperty(target, key, { value, enumerable: false, configurable: true, writable: true });
  }

  /** Restores a method that was replaced. Returns whether there was one. */
  restore(target: object, key: PropertyKey): boolean {
    const original = this.#originals.get(key);
    return original !== undefined && this.#originals.delete(key) && Reflect.defineProperty(target, key, original);
  }
}
