import type { PropertyUpdate, Wire } from '../protocol.js';

/** The changes of properties that one flush reports. */
export class PropertyChanges {
  readonly #update: PropertyUpdate = { type: 'property-update' };
  #any = false;

  set(name: string, wire: Wire, coded: boolean): void {
    this.#any = true;
    (this.#update.set ??= []).push([name, wire]);
    if (coded) this.#update.coded = true;
  }

  unavailable(name: string, reason: string): void {
    this.#any = true;
    (this.#update.unavailable ??= []).push([name, reason]);
  }

  remove(name: string): void {
    this.#any = true;
    (this.#update.removed ??= []).push(name);
  }

  /** Returns the message, or `undefined` if nothing has changed. */
  toUpdate(): PropertyUpdate | undefined {
    return this.#any ? this.#update : undefined;
  }
}
