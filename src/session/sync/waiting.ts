import { AsyncLocalStorage } from 'node:async_hooks';

/** An invocation that a child waits for. */
export interface Awaited {
  readonly name: string;
  readonly state: 'due' | 'running' | 'answered';
}

/** The invocations that a child waits for. Instances of one child share it, since they all wait while one of them does. */
export class Waiting {
  /** Tells which invocation this code runs for. */
  readonly context = new AsyncLocalStorage<Awaited>();
  readonly #open = new Set<Awaited>();

  get isActive(): boolean {
    return this.#open.size > 0;
  }

  begin(invocation: Awaited): void {
    this.#open.add(invocation);
  }

  end(invocation: Awaited): void {
    this.#open.delete(invocation);
  }
}
