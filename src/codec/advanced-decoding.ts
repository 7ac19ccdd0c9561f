import { types } from 'node:util';
import type { CallbackDescriptor, Descriptor, Wire } from '../protocol.js';
import { isLeaf } from './clone-leaf.js';
import { DescriptorReader, isDescriptor } from './descriptors.js';
import type { TransferHandler } from './transfer-handlers.js';

/** One decoding of one value: replaces its descriptors in place, after V8 has deserialized it. */
export class Decoding {
  readonly #reader: DescriptorReader;
  readonly #seen = new Set<object>();
  readonly #read = new Map<Descriptor | CallbackDescriptor, unknown>();
  /** The descriptor that is being read, whose value may be announced. */
  #reading: Descriptor | CallbackDescriptor | undefined;

  constructor(handlers: readonly TransferHandler[]) {
    const context = {
      decode: (wire: Wire) => this.decode(wire),
      announce: (value: object) => void (this.#reading && this.#read.set(this.#reading, value)),
    };
    this.#reader = new DescriptorReader(handlers, context, (container) => this.#decodeIn(container));
  }

  decode(wire: Wire): unknown {
    if (typeof wire !== 'object' || wire === null) return wire;
    if (!isDescriptor(wire)) return this.#decodeIn(wire);
    if (!this.#read.has(wire)) {
      // An escaped object may contain itself, so it is known before its parts are read.
      if ('__procxy_type' in wire && wire.__procxy_type === 'escaped') this.#read.set(wire, wire.value);
      const outer = this.#reading;
      this.#reading = wire;
      this.#read.set(wire, this.#reader.read(wire));
      this.#reading = outer;
    }
    return this.#read.get(wire);
  }

  #decodeIn(container: object): object {
    if (this.#seen.has(container) || isLeaf(container)) return container;
    this.#seen.add(container);
    if (types.isMap(container)) this.#map(container);
    else if (types.isSet(container)) this.#set(container);
    else {
      const slots = container as Record<string, unknown>;
      for (const key of Object.keys(slots)) slots[key] = this.decode(slots[key]);
    }
    return container;
  }

  /** Empties the Map and fills it again: keys may change, but their order must not. */
  #map(map: Map<unknown, unknown>): void {
    const entries = [...map].map(([key, part]) => [this.decode(key), this.decode(part)] as const);
    map.clear();
    for (const [key, part] of entries) map.set(key, part);
  }

  #set(set: Set<unknown>): void {
    const members = [...set].map((part) => this.decode(part));
    set.clear();
    for (const part of members) set.add(part);
  }
}
