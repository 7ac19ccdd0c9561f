import type { Coded, Message } from '../protocol.js';
import type { SideStats } from '../types/stats.js';
import type { ErrorFactory } from './calls/open-call.js';
import type { Accounts, SessionPart } from './part.js';
import type { Arriving } from './wire/held-messages.js';

/** The parts of a session, called together. {@link SessionPart} says what each call means. */
export class Parts implements Accounts {
  readonly #parts: SessionPart[] = [];
  /** Hooks are collected once, since they run for each message and few parts have them. */
  readonly #beforeWrite: (() => boolean)[] = [];
  readonly #afterWrite: (() => void)[] = [];
  readonly #afterMessage: ((message: Message) => void)[] = [];

  add(part: SessionPart): void {
    this.#parts.push(part);
    if (part.beforeWrite) this.#beforeWrite.push(part.beforeWrite.bind(part));
    if (part.afterWrite) this.#afterWrite.push(part.afterWrite.bind(part));
    if (part.afterMessage) this.#afterMessage.push(part.afterMessage.bind(part));
  }

  beforeWrite(): boolean {
    let mustFollow = false;
    for (const send of this.#beforeWrite) mustFollow = send() || mustFollow;
    return mustFollow;
  }

  afterWrite(): void {
    for (const send of this.#afterWrite) send();
  }

  afterMessage(message: Message): void {
    for (const look of this.#afterMessage) look(message);
  }

  arrive(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.arrive?.(coded);
  }

  account(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.account?.(coded);
  }

  takeBack(coded: Coded | undefined): void {
    if (coded) for (const part of this.#parts) part.takeBack?.(coded);
  }

  leaveChannel(): void {
    for (const part of this.#parts) part.leaveChannel?.();
  }

  /** Runs an action in which values are encoded that do not use the channel. */
  offChannel(action: () => void): void {
    this.leaveChannel();
    action();
    for (const part of this.#parts) part.returnToChannel?.();
  }

  awaits(coded: Coded): Arriving | undefined {
    for (const part of this.#parts) {
      const arriving = part.awaits?.(coded);
      if (arriving) return arriving;
    }
    return undefined;
  }

  refuse(method: string): Error | undefined {
    for (const part of this.#parts) {
      const refusal = part.refuse?.(method);
      if (refusal) return refusal;
    }
    return undefined;
  }

  whenClosed(streams: readonly number[], done: (failure?: { value: unknown }) => void): void {
    const part = this.#parts.find(({ whenClosed }) => whenClosed);
    if (streams.length > 0 && part?.whenClosed) part.whenClosed(streams, done);
    else done();
  }

  makeRoom(done: () => void): void {
    const part = this.#parts.find(({ makeRoom }) => makeRoom);
    if (part?.makeRoom) part.makeRoom(done);
    else done();
  }

  end(reason: ErrorFactory): void {
    for (const part of this.#parts) part.end?.(reason);
  }

  close(): void {
    for (const part of this.#parts) part.close?.();
  }

  /** Counts what the parts have open. */
  get stats(): Omit<SideStats, 'pendingCalls' | 'servedCalls'> {
    return Object.assign(
      {
        exportedFunctions: 0,
        importedFunctions: 0,
        exportedReferences: 0,
        importedReferences: 0,
        exportedClasses: {},
        importedClasses: {},
        openStreams: 0,
        subscriptions: 0,
      },
      ...this.#parts.map(({ stats }) => stats),
    );
  }
}
