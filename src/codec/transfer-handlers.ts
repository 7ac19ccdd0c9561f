import type { Wire } from '../protocol.js';

/**
 * Carries a kind of value that is more than data, such as errors, functions and streams. Handlers are asked in order for every
 * function, and for every object that is neither an array nor a plain object. The first match encodes the value. The result
 * crosses as `{ __procxy_type: name, value }`, and the handler of the same name decodes it.
 */
export interface TransferHandler<T extends object = object> {
  readonly name: string;
  /** Set if `encode` returns the whole descriptor, not only its value. */
  readonly describesItself?: true;
  /**
   * Set if parts of the value may refer back to it. `decode` then announces the value before it decodes the parts. Only advanced
   * mode keeps such references.
   */
  readonly mayBeCyclic?: true;
  /** It is asked for plain objects too. One handler of a list may be. */
  readonly takesPlain?: boolean;
  canHandle(value: object): value is T;
  encode(value: T, context: EncodeContext): Wire;
  /** @throws {ProtocolError} if `wire` does not have the form that `encode` returns */
  decode(wire: Wire, context: DecodeContext): unknown;
}

/** A property name, an index, or another place as a path shows it. */
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
   * @param key the part's place in the value, for the path in error messages
   * @param around how many levels of objects the handler adds around the part. Default: none
   */
  encode(part: unknown, key: Key, around?: number): Wire;
  /** Encodes an optional part. Returns whether it can cross, and either its encoded form or the error. */
  tryEncode(part: unknown, key: Key, around?: number): { crosses: boolean; wire?: Wire; refusal?: unknown };
  /** The object that contains the value, if there is one. */
  readonly container: object | undefined;
  /** The objects on the path from the root to the value, including the value. */
  readonly parents: readonly object[];
  /** Whether the value belongs to an optional part, which may be dropped. */
  readonly isOptional: boolean;
  /** Throws an error that says why the value cannot cross. */
  refuse(what: string, remedy: string): never;
}

export interface DecodeContext {
  decode(wire: Wire): unknown;
  /** Makes the value that is being decoded available to its parts, which may refer back to it. */
  announce(value: object): void;
}

/** A reference to the instance in the child, or to its proxy in the parent. */
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
