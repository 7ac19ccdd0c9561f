import { randomBytes } from 'node:crypto';
import { OptionsValidationError } from '../errors.js';

/**
 * The subjects of NATS. `<client>` is the id of a client, which permissions of NATS bind to its user. Neither end trusts an id that
 * stands anywhere else.
 *
 *     procxy.<ns>.place.<Class>                               client → hosts     who can run this class?
 *     procxy.<ns>.place.-                                     client → hosts     how are you?
 *     procxy.<ns>.h.<host>.<client>.<connection>.<session>    client → host      frames of a link
 *     procxy.<ns>.c.<client>.<connection>.<session>           host → client      frames of a link
 *     procxy.<ns>.c.<client>.<connection>.<question>          host → client      answers
 *
 * `<connection>` tells processes apart that share a client's id. Sessions are 128 random bits, which nobody else can guess.
 */
export class Subjects {
  readonly #root: string;

  constructor(namespace: string) {
    this.#root = `procxy.${namespace}`;
  }

  place(className: string): string {
    return `${this.#root}.place.${className}`;
  }

  get census(): string {
    return this.place('-');
  }

  get places(): string {
    return this.place('*');
  }

  /** What a host listens to. */
  host(host: string): string {
    return `${this.#root}.h.${host}.>`;
  }

  /** What a client listens to. */
  client({ client, connection }: Caller): string {
    return `${this.#root}.c.${client}.${connection}.>`;
  }

  /** Whether a stranger's `reply` is what a client listens to. Nothing else of the namespace, or of NATS, is written to. */
  isClient(reply: string | undefined): reply is string {
    return this.#isBelow('c', reply, 3);
  }

  /** Whether a stranger's `reply` is what a host listens to. */
  isHost(reply: string | undefined): reply is string {
    return this.#isBelow('h', reply, 4);
  }

  toHost(host: string, { client, connection }: Caller, session: string): string {
    return `${this.#root}.h.${host}.${client}.${connection}.${session}`;
  }

  toClient({ client, connection }: Caller, session: string): string {
    return `${this.#root}.c.${client}.${connection}.${session}`;
  }

  #isBelow(kind: 'c' | 'h', reply: string | undefined, count: number): boolean {
    const start = `${this.#root}.${kind}.`;
    if (!reply?.startsWith(start)) return false;
    const parts = reply.slice(start.length).split('.');
    return parts.length === count && parts.every((part) => /^[^\s*>]+$/.test(part));
  }
}

/** A process that uses hosts. */
export interface Caller {
  client: string;
  connection: string;
}

/** Reads the last parts of a subject, or returns `undefined` if it has none. */
export function readAddress(subject: string): (Caller & { session: string }) | undefined {
  const [client, connection, session, ...rest] = subject.split('.').slice(4);
  return client && connection && session && rest.length === 0 ? { client, connection, session } : undefined;
}

/** The last part of a subject. */
export function lastPart(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1);
}

/** 128 random bits, as a part of a subject. */
export function randomId(): string {
  return randomBytes(16).toString('hex');
}

/**
 * Checks a name that becomes a part of a subject.
 * @throws {OptionsValidationError}
 */
export function checkPart(what: string, value: unknown): string {
  if (typeof value === 'string' && /^[^\s.*>]+$/.test(value) && value !== '-') return value;
  throw new OptionsValidationError(
    `${what} must be a name without dots, spaces, '*' and '>', but got ${JSON.stringify(value)}. Subjects of NATS are made of it.`,
  );
}
