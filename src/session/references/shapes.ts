import { methodNames, symbolNames, wellKnownSymbols } from '../../codec/members.js';
import { ProtocolError } from '../../errors.js';
import { isPlain } from '../../realm.js';
import type { ReferenceShape } from '../../protocol.js';

/** The approximate limit of bytes that all shapes of one side may use on the other. */
const BUDGET = 4 * 1024 * 1024;
/** The approximate cost of each shape and each name in bytes, besides its text. */
const OVERHEAD = 64;

type Shape = Omit<ReferenceShape, 'type' | 'shapeId'>;

function sizeOf({ className, methods, symbols, properties }: Shape): number {
  const names = [className, ...methods, ...symbols, ...properties];
  return names.reduce((sum, name) => sum + name.length + OVERHEAD, OVERHEAD);
}

/** The kinds of objects that were described to the other side. */
export class ToldShapes {
  readonly #ids = new Map<string, number>();
  /** Kinds of objects whose methods all come from their prototypes, by the names of their own properties. */
  readonly #byPrototype = new WeakMap<object, Map<string, number>>();
  #left = BUDGET;

  /**
   * Returns the id of an object's kind. Calls `tell` first if the kind is new.
   * @param only the methods that are lent. Default: all
   */
  idOf(object: object, only: ReadonlySet<string> | undefined, tell: (shape: ReferenceShape) => void): number {
    const prototype = Object.getPrototypeOf(object) as object | null;
    if (only || !prototype || isPlain(object)) return this.#tell(shapeOf(object, only), tell);
    const own = ownNames(object);
    if (own.hasMethods) return this.#tell(shapeOf(object, only), tell);
    let known = this.#byPrototype.get(prototype);
    if (!known) this.#byPrototype.set(prototype, (known = new Map()));
    const key = own.properties.join(' ');
    let id = known.get(key);
    if (id === undefined) known.set(key, (id = this.#tell(shapeOf(object, only), tell)));
    return id;
  }

  #tell(shape: Shape, tell: (shape: ReferenceShape) => void): number {
    const key = JSON.stringify(shape);
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const size = sizeOf(shape);
    if (size > this.#left) {
      if (shape.properties.length > 0) return this.#tell({ ...shape, properties: [] }, tell);
      throw new RangeError(
        'Objects of too many kinds have crossed by reference, each with different methods. Give them a class with one method that takes the name',
      );
    }
    this.#left -= size;
    const shapeId = this.#ids.size + 1;
    this.#ids.set(key, shapeId);
    tell({ type: 'reference-shape', shapeId, ...shape });
    return shapeId;
  }
}

/** The most properties that a kind of objects lists. */
const MAX_PROPERTIES = 100;

function shapeOf(object: object, only: ReadonlySet<string> | undefined): Shape {
  if (only) return { className: classNameOf(object), methods: [...only], symbols: [], properties: [] };
  const names = methodNames(object);
  const isEmitter = ['on', 'off', 'emit'].every((name) => names.has(name));
  const properties = new Set([...accessorsOf(object), ...ownNames(object).properties]);
  return {
    className: classNameOf(object),
    methods: [...names],
    // The asynchronous iterator goes first: it hides the other one.
    symbols: symbolNames(object).toSorted(),
    properties: [...properties].slice(0, MAX_PROPERTIES),
    ...(isEmitter && { emitter: true }),
  };
}

/** Lists the public properties, and whether there are methods among them. */
function ownNames(object: object): { properties: string[]; hasMethods: boolean } {
  const properties: string[] = [];
  for (const key of Reflect.ownKeys(object)) {
    const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
    if (typeof value === 'function') return { properties, hasMethods: true };
    if (typeof key === 'string' && !key.startsWith('_') && properties.length < MAX_PROPERTIES) properties.push(key);
  }
  return { properties, hasMethods: false };
}

function accessorsOf(object: object): string[] {
  const names: string[] = [];
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    if (Object.getPrototypeOf(level) === null && level !== object) break;
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (get && !name.startsWith('_')) names.push(name);
    }
  }
  return names;
}

/** Does not read getters. */
export function classNameOf(object: object): string {
  for (let level: object | null = object; level; level = Object.getPrototypeOf(level) as object | null) {
    const type: unknown = Object.getOwnPropertyDescriptor(level, 'constructor')?.value;
    if (typeof type !== 'function') continue;
    const name: unknown = Object.getOwnPropertyDescriptor(type, 'name')?.value;
    return typeof name === 'string' && type !== Object ? name : '';
  }
  return '';
}

/** A kind of objects of the other side. */
export interface KnownShape {
  readonly className: string;
  readonly methods: ReadonlySet<string>;
  /** The well-known symbols for which it has methods. */
  readonly symbols: ReadonlySet<string>;
  readonly properties: ReadonlySet<string>;
  readonly isEmitter: boolean;
}

/** The kinds of objects that the other side has described. */
export class KnownShapes {
  readonly #shapes: KnownShape[] = [];
  #left = BUDGET;

  /** @throws {ProtocolError} if it is out of turn, or there are too many */
  add(shape: ReferenceShape): void {
    this.#left -= sizeOf(shape);
    if (this.#left < 0) throw new ProtocolError('Objects of too many kinds were described.');
    const { shapeId, className, methods, symbols, properties, emitter } = shape;
    if (shapeId !== this.#shapes.length + 1)
      throw new ProtocolError(`The kind of objects ${shapeId} came out of turn.`);
    if (!symbols.every((name) => Object.hasOwn(wellKnownSymbols, name))) {
      throw new ProtocolError('An object was described that has a method under an unknown symbol.');
    }
    this.#shapes.push({
      className,
      methods: new Set(methods),
      symbols: new Set(symbols),
      properties: new Set(properties),
      isEmitter: emitter === true,
    });
  }

  /** @throws {ProtocolError} for a kind that was not described */
  get(id: number): KnownShape {
    const shape = this.#shapes[id - 1];
    if (!shape) throw new ProtocolError(`An object arrived whose kind was never described: ${id}.`);
    return shape;
  }
}
