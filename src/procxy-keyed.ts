import { startInProcess } from './in-process.js';
import { createKeyed } from './parent/fleet/keyed-proxy.js';
import type { ClassReference, Constructor, HintOf, WholeProxy } from './types/creation.js';
import type { KeyedOptions, ProcxyKeyed } from './types/keyed.js';

/** What the constructor takes as its second argument. */
type StateOf<C> = C extends new (key: string, state?: infer S) => object ? S : never;

/** The functions among the options depend on the class. */
interface KeyedHooks<C extends Constructor> {
  readonly restore?: ((key: string) => StateOf<C> | Promise<StateOf<C>>) | undefined;
  readonly save?: ((instance: WholeProxy<InstanceType<C>>, key: string) => unknown) | undefined;
}

type Known<C extends Constructor, O> =
  (O & KeyedHooks<C> & { readonly [K in Exclude<keyof O, keyof KeyedOptions>]: never }) | KeyedHint<C, O>;

type KeyedHint<C extends Constructor, O = object> = HintOf<
  Omit<KeyedOptions, keyof KeyedHooks<C>> & KeyedHooks<C>,
  O,
  keyof KeyedHooks<C>
>;

/**
 * Runs an instance of `Class` for each key, in a child process of its own. It is made when it is first called, and ends when it has
 * been idle, or when others need the room: `save` and `restore` carry its state from one life to the next.
 *
 * @param Class the class, or a reference to it that `classFrom()` made; its constructor takes the key, and what `restore` gives
 * @throws {OptionsValidationError} for an argument or option that is not what it must be
 * @example
 * ```ts
 * await using carts = procxyKeyed(Cart, './cart.js', {
 *   restore: (key) => table.read(key),
 *   save: async (cart, key) => table.write(key, await cart.save()),
 * });
 * await carts.get('user-42').add(item);
 * ```
 */
// First, so that editors ask it which options there are, whatever follows them.
export function procxyKeyed<C extends Constructor, const O extends KeyedOptions = object>(
  Class: C | ClassReference<C>,
  options?: Known<C, O>,
  ...hints: KeyedHint<C>[]
): ProcxyKeyed<InstanceType<C>, O>;
export function procxyKeyed<C extends Constructor, const O extends KeyedOptions = object>(
  Class: C | ClassReference<C>,
  modulePath: string | URL | undefined,
  options?: Known<C, O>,
): ProcxyKeyed<InstanceType<C>, O>;
export function procxyKeyed(Class: unknown, ...args: unknown[]): object {
  return createKeyed({ Class, args, boundary: procxyKeyed as (...args: never[]) => unknown, startInProcess });
}
