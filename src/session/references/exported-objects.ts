import { AsyncResource } from 'node:async_hooks';
import { ReferenceLimitError } from '../../errors.js';
import { ExportTable, type Exported } from '../lifetimes/export-table.js';

/** An object of this side that the other side holds by reference. */
export interface ExportedObject extends Exported<object> {
  /** The object itself, if `value` represents only some of its methods. */
  readonly object: object;
  /** The methods that may be called. `undefined` means all. */
  readonly methods: ReadonlySet<string> | undefined;
  /** The asynchronous context in which it was last passed. Its methods run there. */
  context: AsyncResource | undefined;
}

export interface ExportedObjectsOptions {
  /** The most objects at a time. */
  limit: number;
  /** Whether to keep the asynchronous context in which an object was passed. */
  keepsContext: boolean;
  /** Called when the other side no longer holds an object. */
  onForget(entry: ExportedObject): void;
}

/** Represents an object if only some of its methods are lent. */
class Facade {
  readonly methods: ReadonlySet<string>;

  constructor(
    readonly object: object,
    names: readonly string[],
  ) {
    this.methods = new Set(names);
  }
}

/** The objects of this side by the ids that the other side knows. */
export class ExportedObjects extends ExportTable<object, ExportedObject> {
  /** One representative for each set of methods, so that lending the same methods again exports the same value. */
  readonly #facades = new WeakMap<object, Map<string, Facade>>();
  readonly #keepsContext: boolean;
  #lastId = 0;

  constructor({ limit, keepsContext, onForget }: ExportedObjectsOptions) {
    super({ limit, noun: 'reference', limitError, onForget });
    this.#keepsContext = keepsContext;
  }

  /** @throws {ReferenceLimitError} */
  export(object: object, methods: readonly string[] | undefined): ExportedObject {
    const facade = methods && this.#facade(object, methods);
    const entry = this.exportValue(facade ?? object, () => ({
      id: `r${++this.#lastId}`,
      value: facade ?? object,
      object,
      methods: facade?.methods,
      context: undefined,
      sent: 0,
    }));
    if (this.#keepsContext) entry.context = new AsyncResource('PROCXY_REFERENCE');
    return entry;
  }

  #facade(object: object, methods: readonly string[]): Facade {
    const key = JSON.stringify(methods.toSorted());
    let facades = this.#facades.get(object);
    if (!facades) this.#facades.set(object, (facades = new Map()));
    let facade = facades.get(key);
    if (!facade) facades.set(key, (facade = new Facade(object, methods)));
    return facade;
  }
}

function limitError(limit: number): ReferenceLimitError {
  return new ReferenceLimitError(
    `The other process holds ${limit} objects of this one by reference, the most that \`maxReferences\` allows, and still uses all of them. ` +
      'Raise the limit, or release some objects with $release().',
  );
}
