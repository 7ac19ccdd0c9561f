/** ms between two questions to an end that owes an acknowledgement, or of which the transport says that it is absent. */
const SOON = 50;

/** A timer that fires later than this, in ms, shows that this process was blocked or stopped. */
const LATE = 20;

export interface SilenceLimits {
  /** ms of silence after which the other end is given up. */
  lease: number;
  /** ms for which the transport may say that nobody is there. */
  absence: number;
  /** ms without a frame after which the other end is asked for one. */
  idle: number;
}

/**
 * Measures how long nothing was heard of the other end of a link, and when to ask.
 *
 *     heard ───────▶ asked ──▶ asked ────▶ asked ────────▶ … ──▶ given up
 *           `idle`, or 50 ms, doubled up to `idle`               `lease` after it was heard,
 *           50 ms if it owes an acknowledgement                  `absence` after the first "nobody is there"
 *
 * Time in which this process itself was blocked does not count: nothing could have been heard in it.
 */
export class Silence {
  readonly #limits: SilenceLimits;
  #heardAt: number;
  #askedAt = -Infinity;
  /** How many questions have not been answered. */
  #asked = 0;
  #absentSince: number | undefined;

  constructor(limits: SilenceLimits, now: number) {
    this.#limits = limits;
    this.#heardAt = now;
  }

  heard(now: number): void {
    this.#heardAt = now;
    this.#asked = 0;
    this.#absentSince = undefined;
  }

  asked(now: number): void {
    this.#askedAt = now;
    this.#asked++;
  }

  nobody(now: number): void {
    this.#absentSince ??= now;
  }

  /** The transport is connected again: what it said before may be outdated. */
  resume(): void {
    this.#absentSince = undefined;
    this.#asked = 0;
  }

  /** A timer for `due` fires `now`. If it is late, this process was blocked in between. */
  skip(due: number, now: number): void {
    const late = now - due;
    if (late < LATE) return;
    this.#heardAt = Math.min(now, this.#heardAt + late);
    if (this.#absentSince !== undefined) this.#absentSince = Math.min(now, this.#absentSince + late);
  }

  /** Returns why the other end is to be given up, if it is. */
  isOver(now: number): 'silent' | 'gone' | undefined {
    if (now - this.#heardAt >= this.#limits.lease) return 'silent';
    return this.#absentSince !== undefined && now - this.#absentSince >= this.#limits.absence ? 'gone' : undefined;
  }

  isAskDue(now: number, isWaiting: boolean): boolean {
    return now >= this.#askAt(isWaiting);
  }

  /** Returns when {@link isOver} or {@link isAskDue} may change next. */
  next(isWaiting: boolean): number {
    const { lease, absence } = this.#limits;
    return Math.min(this.#askAt(isWaiting), this.#heardAt + lease, (this.#absentSince ?? Infinity) + absence);
  }

  #askAt(isWaiting: boolean): number {
    const { idle } = this.#limits;
    if (this.#absentSince !== undefined) return this.#askedAt + Math.min(SOON, idle);
    const patience = isWaiting || this.#asked > 0 ? Math.min(SOON * 2 ** Math.min(this.#asked, 20), idle) : idle;
    return Math.max(this.#heardAt, this.#askedAt) + patience;
  }
}
