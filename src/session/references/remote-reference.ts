import { TerminatedError } from '../../errors.js';
import type { ReferenceMember } from '../../protocol.js';
import type { ReferenceTarget } from '../calls/open-call.js';
import type { Imported } from '../lifetimes/import-table.js';
import type { SessionApi } from '../part.js';
import type { KnownShape } from './shapes.js';

export interface ReferenceOwner {
  /** Gives the object back. Returns whether it was held. */
  release(entry: Imported): boolean;
  /** Whether the other side can no longer answer. */
  isOver(): boolean;
  /** Sends a request to the other side. */
  open: SessionApi['open'];
}

/** What this side knows about an object of the other side. Its proxy is made from this. */
export class RemoteReference {
  readonly shape: KnownShape;
  readonly #entry: Imported;
  readonly #owner: ReferenceOwner;
  /** Its proxy. An open call holds it, so that it is not collected before the call is sent. */
  proxy!: object;
  /** Called before the object is released. Absent if there is nothing to do. */
  beforeRelease: (() => void) | undefined;

  constructor(shape: KnownShape, entry: Imported, owner: ReferenceOwner) {
    this.shape = shape;
    this.#entry = entry;
    this.#owner = owner;
  }

  /** Its name in error messages. */
  get name(): string {
    return this.shape.className || 'an object';
  }

  get isReleased(): boolean {
    return this.#entry.released;
  }

  get isOver(): boolean {
    return this.#owner.isOver();
  }

  /** The target of a call of one of its members. */
  target(kind: ReferenceMember | undefined, name: string): ReferenceTarget {
    const { className } = this.shape;
    return { type: 'reference', kind, className, id: () => this.idFor(name), proxy: this.proxy };
  }

  open(...call: Parameters<SessionApi['open']>): void {
    this.#owner.open(...call);
  }

  /** Releases the object. Returns whether it was held. */
  release(): boolean {
    this.beforeRelease?.();
    return this.#owner.release(this.#entry);
  }

  /**
   * Checks that the object can still be listened to. @param name the method that adds a listener
   * @throws {TerminatedError} if the object was released, or its process has ended
   */
  requireHeld(name: string): void {
    this.idFor(name);
    if (!this.isOver) return;
    throw new TerminatedError(
      `${name}(): the reference to ${this.name} belongs to a child that has ended. Get the object again to use it again.`,
    );
  }

  /**
   * Returns its id. @param name the method that needs it
   * @throws {TerminatedError} if the object was released
   */
  idFor(name: string): string {
    const { id, released } = this.#entry;
    if (released) {
      throw new TerminatedError(
        `${name}(): the reference to ${this.name} was released by $release(). Get the object again to use it again.`,
      );
    }
    return id;
  }
}
