import { LinkedList, type Link } from './linked-list.js';

/** A member that may be able to take a call. */
export interface Candidate {
  /** Calls that it runs. */
  readonly running: number;
  /** Whether it can take one more call. */
  readonly isFree: boolean;
}

/**
 * The members that can take a call, in lists by the number of calls that they run. Finding the least busy one takes the same time
 * for any number of members.
 */
export class FreeMembers<T extends Candidate> {
  readonly #byRunning: LinkedList<T>[] = [];
  readonly #places = new Map<T, { list: LinkedList<T>; link: Link<T> }>();

  /** Call it when a member runs more or fewer calls, or can take no more. */
  update(member: T): void {
    this.remove(member);
    if (!member.isFree) return;
    const list = (this.#byRunning[member.running] ??= new LinkedList<T>());
    this.#places.set(member, { list, link: list.push(member) });
  }

  remove(member: T): void {
    const place = this.#places.get(member);
    place?.list.remove(place.link);
    this.#places.delete(member);
  }

  /**
   * Returns, of the members that run the fewest calls, the one that ran a call last: its process is awake, and the others become
   * idle.
   */
  leastBusy(): T | undefined {
    for (const list of this.#byRunning) {
      for (let member = list?.last; member; member = list?.last) {
        if (member.isFree) return member;
        // Its child has just ended.
        this.remove(member);
      }
    }
    return undefined;
  }
}
