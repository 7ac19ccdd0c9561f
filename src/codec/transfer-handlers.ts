import type { Wire } from '../protocol.js';

/**
 * The one door for everything that is more than data: errors, `this`, and what is to come. The list is asked
 * for every function, and every object that is neither an array nor a plain object; the first handler that can, does. What it
 * writes travels as `{ __procxy_type: name, value }` and is read by the handler of the same name.
 */
export interface TransferHandler<T extends object = object> {
  readonly name: string;
  /** What it writes is the whole descriptor, not the value of one. */
  readonly describesItself?: true;
  /**
   * A part of the value may refer back to the value: `decode` announces the value before it decodes its parts. Only advanced
   * mode keeps such a reference.
   */
  readonly mayBeCyclic?: true;
  canHandle(value: object): value is T;
  encode(value: T, context: EncodeContext): Wire;
  /** @throws {ProtocolError} when `wire` is not what `encode` writes */
  decode(wire: Wire, context: DecodeContext): unknown;
}

/** A property's name, an index, or another kind of place as a path shows it. */
export type Key = string | number | { readonly place: string };

/** Places in a Map or a Set. */
export const at = {
  mapKey: (index: number): Key => ({ place: `.<key ${index}>` }),
  mapValue: (key: unknown, index: number): Key => ({
    place: typeof key === 'string' || typeof key === 'number' ? `.get(${JSON.stringify(key)})` : `.<value ${index}>`,
  }),
  member: (index: number): Key => ({ place: `.<member ${index}>` }),
};

export interface EncodeContext {
  /**
   * Encodes a part of the value.
   * @param key its place in the value, for the path of a refusal
   * @param around how many objects of the handler's own stand around it in what the handler writes; left out: none
   */
  encode(part: unknown, key: Key, around?: number): Wire;
  /** The same for a part that may be lost: whether it can cross, what to write, and else why it cannot. */
  tryEncode(part: unknown, key: Key, around?: number): { crosses: boolean; wire?: Wire; refusal?: unknown };
  /** The object that the value is a part of, if it is one. */
  readonly container: object | undefined;
  /** The objects from the root to the value, which is the last of them. */
  readonly parents: readonly object[];
  /** Whether the part is one that may be lost. */
  readonly isOptional: boolean;
  /** Throws the error that says why this value cannot cross. */
  refuse(what: string, remedy: string): never;
}

export interface DecodeContext {
  decode(wire: Wire): unknown;
  /** Lets parts that are decoded from now on refer to the value being decoded. */
  announce(value: object): void;
}

/** The object that a side means by `this`: the instance in the child, its proxy in the parent. */
export interface Self {
  current: object | undefined;
}

/** Carries the instance as its proxy, and the proxy as its instance. */
export function selfHandler(self: Self): TransferHandler {
  return {
    name: 'self',
    canHandle: (value): value is object => value === self.current,
    encode: () => undefined,
    decode: () => self.current,
  };
}
