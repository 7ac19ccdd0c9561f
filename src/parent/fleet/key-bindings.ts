import { LinkedList } from './linked-list.js';
import type { Member } from './member.js';
import { rendezvous } from './rendezvous.js';
import type { WaitingCall } from './waiting-room.js';

/**
 * The calls of a key that are open, and the member to which they go. While they are, later calls of the key follow them, so that they
 * keep their order. But if the member retires, later calls are held back in the next binding. So a member can retire although the
 * stream of calls never ends:
 *
 *     the first call ──> bound to a member ── the member retires ──> bound, and the next one holds calls
 *                                                                       │
 *                             (forgotten) <── no call is open, or ──> the next one is bound to another member
 */
export class Binding {
  readonly key: string;
  /** `undefined` while the calls are held back. */
  member: Member | undefined;
  /** Calls that wait or run. */
  open = 0;
  readonly held = new LinkedList<WaitingCall<Member>>();
  next: Binding | undefined;

  constructor(key: string, member: Member | undefined) {
    this.key = key;
    this.member = member;
  }

  /** Where its calls wait. */
  get list(): LinkedList<WaitingCall<Member>> {
    return this.member?.own ?? this.held;
  }

  /** The member, if it can take a call of the key at once. */
  get ready(): Member | undefined {
    return this.member?.own.size === 0 && this.member.hasRoom ? this.member : undefined;
  }
}

/** Keeps the calls of each key on one member while some of them are open. */
export class KeyBindings {
  readonly #members: ReadonlySet<Member>;
  readonly #feed: (member: Member) => void;
  readonly #current = new Map<string, Binding>();

  /** @param feed called for a member that got calls to wait for it */
  constructor(members: ReadonlySet<Member>, feed: (member: Member) => void) {
    this.#members = members;
    this.#feed = feed;
  }

  /** Finds where a call of the key goes. {@link release} must follow when the call has ended. */
  bind(key: string): Binding {
    let binding = this.#current.get(key);
    if (!binding) this.#current.set(key, (binding = new Binding(key, this.#home(key))));
    else if (binding.member?.isRetiring) binding = binding.next ??= new Binding(key, undefined);
    binding.open++;
    return binding;
  }

  /** A call of it has ended. */
  release(binding: Binding): void {
    if (--binding.open <= 0) this.#finish(binding);
  }

  /** There is one more member. */
  add(): void {
    for (const binding of this.#current.values()) if (!binding.member) this.#settle(binding);
  }

  /** The calls that a member ran are lost. Those that wait for it go elsewhere, or reject with `error`. */
  lose(member: Member, error: () => Error): void {
    const lost = [...this.#current.values()].filter((binding) => binding.member === member);
    for (const binding of lost) {
      binding.member = undefined;
      binding.open = 0;
    }
    for (const call of member.own) {
      const binding = call.key === undefined ? undefined : this.#current.get(call.key);
      if (!binding || this.#members.size === 0) {
        call.refuse(error());
        continue;
      }
      binding.open++;
      call.move(binding.held);
    }
    for (const binding of lost) {
      if (binding.open > 0) this.#settle(binding);
      else this.#finish(binding);
    }
  }

  #finish(binding: Binding): void {
    const { key, next } = binding;
    // One that holds calls has nothing to pass on.
    if (this.#current.get(key) !== binding) return;
    if (!next || next.open <= 0) return void this.#current.delete(key);
    this.#current.set(key, next);
    this.#settle(next);
  }

  /** Gives its calls a member to wait for. If there is none, they continue to wait. */
  #settle(binding: Binding): void {
    const member = this.#home(binding.key);
    if (!member) return;
    binding.member = member;
    for (const call of binding.held) call.move(member.own);
    this.#feed(member);
  }

  #home(key: string): Member | undefined {
    const serving = [...this.#members].filter(({ isRetiring }) => !isRetiring);
    const up = serving.filter(({ instance }) => instance);
    return rendezvous(key, up.length > 0 ? up : serving.length > 0 ? serving : this.#members);
  }
}
