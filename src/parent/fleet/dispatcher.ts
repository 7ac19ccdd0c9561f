import { nextTick, now } from '../../clock.js';
import type { Choose } from '../../options/pool.js';
import { CallSiteBudget, captureCallSite } from '../../session/calls/call-site.js';
import type { CallOptions, Settle } from '../../session/calls/open-call.js';
import type { Instance } from '../instance-plan.js';
import { FreeMembers } from './free-members.js';
import { KeyBindings, type Binding } from './key-bindings.js';
import { LinkedList } from './linked-list.js';
import type { Member } from './member.js';
import { WaitingCall, WaitingRoom, type WaitingRoomOptions } from './waiting-room.js';

export interface FleetCall {
  method: string;
  args: readonly unknown[];
  options: CallOptions;
  settle: Settle;
  key: string | undefined;
}

export interface DispatcherOptions extends WaitingRoomOptions {
  choose: 'least-busy' | 'round-robin' | Choose;
  /** Called when a call was handed over. `waited` is in ms. */
  onHandOver(call: { method: string; key: string | undefined }, member: Member, waited: number): void;
  /** Called when a member has finished a call. `time` is in ms. */
  onDone(member: Member, time: number): void;
  /** Called when a call or `$room()` has to wait, or a call is refused since no more may wait, and no member is free. */
  onWaiting(): void;
}

/**
 * Brings calls to members: immediately to one that is free, or else through the queue. Calls that only one member may take wait
 * in its own list. A member with room takes the oldest call of both lists.
 */
export class Dispatcher {
  readonly members = new Set<Member>();
  readonly room: WaitingRoom<Member>;
  readonly #options: DispatcherOptions;
  readonly #queue = new LinkedList<WaitingCall<Member>>();
  readonly #free = new FreeMembers<Member>();
  readonly #keys = new KeyBindings(this.members, (member) => this.feed(member));
  readonly #sites = new CallSiteBudget();
  /** The index of the member that round-robin tries next. */
  #next = 0;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.room = new WaitingRoom(options);
  }

  get running(): number {
    let sum = 0;
    for (const { running } of this.members) sum += running;
    return sum;
  }

  add(member: Member): void {
    this.members.add(member);
    this.#keys.add();
    this.feed(member);
  }

  /** The member takes no more calls. Calls that wait only for it go to others, or reject with `error`. */
  remove(member: Member, error: () => Error): void {
    this.members.delete(member);
    this.#free.remove(member);
    this.#keys.lose(member, error);
  }

  /** The instance of a member has ended with all of its calls. */
  lose(member: Member, error: () => Error): void {
    member.running = 0;
    this.#free.remove(member);
    this.#keys.lose(member, error);
  }

  open(call: FleetCall): void {
    const { method, settle, key } = call;
    const binding = key === undefined ? undefined : this.#keys.bind(key);
    const member = binding ? binding.ready : this.#pick(call);
    if (member) return this.#handOver(member, call, 0, binding);
    const options = this.#withSite(call.options);
    const waiting: WaitingCall<Member> = new WaitingCall<Member>({
      method,
      signal: options.signal,
      key,
      handOver: (chosen) => this.#handOver(chosen, { ...call, options }, now() - waiting.since, binding),
      reject: (reason) => {
        if (binding) this.#keys.release(binding);
        settle.reject(reason);
      },
    });
    // A call that is refused for want of room shows as well that more members are needed.
    const { isFull } = this.room;
    this.room.enter(waiting, binding ? binding.list : this.#queue);
    if (waiting.isWaiting || isFull) this.#wait();
  }

  /** Makes a call at one member, or lets it wait for its turn there. */
  enter(waiting: WaitingCall<Member>, member: Member): void {
    const isNext = member.hasRoom && member.own.size === 0 && this.#queue.size === 0;
    if (isNext && !waiting.signal?.aborted) return waiting.handOver(member);
    this.room.enter(waiting, member.own);
    this.feed(member);
  }

  /** Makes a call that needs a member for itself, or lets it wait. */
  enterExclusive(waiting: WaitingCall<Member>): void {
    const member = this.#queue.size === 0 ? this.#free.leastBusy() : undefined;
    if (member?.running === 0 && !waiting.signal?.aborted) return waiting.handOver(member);
    const { isFull } = this.room;
    this.room.enter(waiting, this.#queue, () => this.#unreserve(waiting));
    if (waiting.isWaiting || isFull) this.#wait();
  }

  /** The call has left the queue. The member that was kept free for it takes others. */
  #unreserve(waiting: WaitingCall<Member>): void {
    for (const member of this.members) {
      if (member.reserved !== waiting) continue;
      member.reserved = undefined;
      // Later, since all waiting calls may be about to leave.
      nextTick(() => this.members.has(member) && this.feed(member));
    }
  }

  /** One more call waits, maybe behind one that needs a member for itself, or found the queue full. */
  #wait(): void {
    const member = this.#free.leastBusy();
    if (member) this.feed(member);
    else this.#options.onWaiting();
  }

  /** Gives a member the calls that wait, as far as it has room. Call it whenever its room may have changed. */
  feed(member: Member): void {
    for (let call = this.#nextFor(member); call; call = this.#nextFor(member)) {
      if (call.isExclusive && member.running > 0) {
        member.reserved = call;
        break;
      }
      member.reserved = undefined;
      call.handOver(member);
    }
    this.#free.update(member);
    if (member.isFree) this.room.tellOfRoom();
  }

  /** Resolves when a call would be made immediately, or may wait, or no more calls are made. */
  whenRoom(isOver: () => boolean): Promise<void> {
    return this.room.room(() => {
      if (isOver() || this.#free.leastBusy()) return true;
      // A further member would have room.
      this.#options.onWaiting();
      return false;
    });
  }

  /** Makes a call at a member that has room. */
  run(member: Member, call: FleetCall): void {
    this.#handOver(member, call, 0, undefined);
  }

  /** The member runs one more call. */
  begin(member: Member): void {
    member.running++;
    member.calls++;
    this.#free.update(member);
  }

  /** It runs one less. */
  end(member: Member): void {
    member.running--;
    member.idleSince = now();
    this.feed(member);
  }

  #nextFor(member: Member): WaitingCall<Member> | undefined {
    if (member.isLeased || !member.instance) return undefined;
    if (member.reserved && !member.reserved.isWaiting) member.reserved = undefined;
    if (member.reserved) return member.running === 0 ? member.reserved : undefined;
    if (!member.hasRoom) return undefined;
    const own = member.own.first;
    const shared = member.isRetiring ? undefined : this.#firstShared(member.running === 0);
    if (own && shared) return own.order < shared.order ? own : shared;
    return own ?? shared;
  }

  /**
   * The first in the queue for which no member is kept free.
   * @param isIdle whether a member asks that runs nothing: it need not be kept free
   */
  #firstShared(isIdle: boolean): WaitingCall<Member> | undefined {
    const first = this.#queue.first;
    if (!first?.isExclusive || isIdle || ![...this.members].some(({ reserved }) => reserved === first)) return first;
    for (const call of this.#queue) if (call !== first && !call.isExclusive) return call;
    return undefined;
  }

  #handOver(
    member: Member,
    { method, args, options, settle, key }: FleetCall,
    waited: number,
    binding: Binding | undefined,
  ): void {
    const instance = member.instance as Instance;
    const { connection } = instance;
    const begun = now();
    this.begin(member);
    this.#options.onHandOver({ method, key }, member, waited);
    const onDone = (): void => {
      // Calls that were lost with the instance do not count any more.
      if (member.instance !== instance) return;
      if (binding) this.#keys.release(binding);
      this.end(member);
      this.#options.onDone(member, now() - begun);
    };
    const onTimeout = options.onTimeout && connection.endLate;
    connection.open(method, args, { ...options, onTimeout, onDone }, settle);
  }

  #pick({ method, key }: FleetCall): Member | undefined {
    if (this.#firstShared(false)) return undefined;
    const { choose } = this.#options;
    if (choose === 'least-busy') return this.#free.leastBusy();
    const all = [...this.members];
    const free = all.filter((member) => member.isFree);
    if (free.length === 0) return undefined;
    if (choose === 'round-robin') {
      for (let i = 0; i < all.length; i++) {
        const member = all[this.#next++ % all.length];
        if (member?.isFree) return member;
      }
    }
    if (typeof choose !== 'function') return free[0];
    const stats = free.map((member) => member.stats);
    return free[choose(stats, { method, key })] ?? free[0];
  }

  /** The caller is no longer on the stack when the call is handed over. */
  #withSite({ boundary, ...options }: CallOptions): CallOptions {
    return boundary && this.#sites.take(now()) ? { ...options, site: captureCallSite(boundary) } : options;
  }
}
