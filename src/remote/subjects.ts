import { randomBytes } from 'node:crypto';
import { OptionsValidationError } from '../errors.js';

/**
 * The subjects of NATS. `<client>` is the id of a client, which permissions of NATS bind to its user. Neither end trusts an id that
 * stands anywhere else: NATS does not check the payload, nor the subject to which an answer goes.
 *
 *     procxy.<ns>.place.<Class>.<client>                      client → hosts     who can run this class?
 *     procxy.<ns>.place.-.<client>                            client → hosts     how are you?
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

  place(className: string, client: string): string {
    return `${this.#root}.place.${className}.${client}`;
  }

  census(client: string): string {
    return this.place(CENSUS, client);
  }

  /** The questions of all clients, to which a host listens. */
  get places(): string {
    return this.place('*', '*');
  }

  /** What a host listens to. */
  host(host: string): string {
    return `${this.#root}.h.${host}.>`;
  }

  /** What a client listens to. */
  client({ client, connection }: Caller): string {
    return `${this.#root}.c.${client}.${connection}.>`;
  }

  /** Whether `reply` is what this client listens to. A client cannot make a host write to anything else. */
  isOfClient(client: string, reply: string | undefined): reply is string {
    return this.#isBelow(`c.${client}`, reply, 2);
  }

  /** Whether `reply` is what a host hears from this client. */
  isOfHost({ client }: Caller, reply: string | undefined): reply is string {
    return this.#isBelow('h', reply, 4) && readAddress(reply)?.client === client;
  }

  toHost(host: string, { client, connection }: Caller, session: string): string {
    return `${this.#root}.h.${host}.${client}.${connection}.${session}`;
  }

  toClient({ client, connection }: Caller, session: string): string {
    return `${this.#root}.c.${client}.${connection}.${session}`;
  }

  #isBelow(place: string, reply: string | undefined, count: number): reply is string {
    const start = `${this.#root}.${place}.`;
    if (!reply?.startsWith(start)) return false;
    const parts = reply.slice(start.length).split('.');
    return parts.length === count && parts.every((part) => /^[^\s*>]+$/.test(part));
  }
}

/** Stands for a class in a question that is about none. No class and no client has this name. */
const CENSUS = '-';

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

/** What a question is about, and whose it is. */
export function readQuestionSubject(subject: string): { className: string | undefined; client: string } | undefined {
  const [className, client, ...rest] = subject.split('.').slice(3);
  if (!className || !client || rest.length > 0) return undefined;
  return { className: className === CENSUS ? undefined : className, client };
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
