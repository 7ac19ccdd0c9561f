import { TerminatedError } from '../../errors.js';
import type { ReferenceMember } from '../../protocol.js';
import type { ReferenceTarget } from '../calls/open-call.js';
import type { Imported } from '../lifetimes/import-table.js';
import type { SessionApi } from '../part.js';
import type { KnownShape } from './shapes.js';

export interface ReferenceOwner {
  /** Gives the object back. Returns whether it was held. */
  release(entry: Imported): boolean;
  /** Whether the other side cannot be asked any more. */
  isOver(): boolean;
  /** Asks something of the other side. */
  open: SessionApi['open'];
}

/** An object of the other side, as this side knows it: what the proxy that stands for it is made of. */
export class RemoteReference {
  readonly shape: KnownShape;
  readonly #entry: Imported;
  readonly #owner: ReferenceOwner;
  /** What stands for it. A call keeps this from being collected before it is sent. */
  proxy!: object;

  constructor(shape: KnownShape, entry: Imported, owner: ReferenceOwner) {
    this.shape = shape;
    this.#entry = entry;
    this.#owner = owner;
  }

  /** How messages name it. */
  get name(): string {
    return this.shape.className || 'an object';
  }

  get isReleased(): boolean {
    return this.#entry.released;
  }

  get isOver(): boolean {
    return this.#owner.isOver();
  }

  /** Whom a call of one of its members is for. */
  target(kind: ReferenceMember | undefined, name: string): ReferenceTarget {
    return { type: 'reference', kind, id: () => this.#usableId(name), proxy: this.proxy };
  }

  open(...call: Parameters<SessionApi['open']>): void {
    this.#owner.open(...call);
  }

  /** Lets go of the object. Returns whether it was held. */
  release(): boolean {
    return this.#owner.release(this.#entry);
  }

  /** @throws {TerminatedError} when it was let go of */
  #usableId(name: string): string {
    const { id, released } = this.#entry;
    if (released) {
      throw new TerminatedError(
        `${name}(): the reference to ${this.name} was let go of by $release(). Get the object again to use it again.`,
      );
    }
    return id;
  }
}
