import { setTimeout } from '../clock.js';
import { OptionsValidationError } from '../errors.js';
import { HostError } from '../host-errors.js';
import { clusterBrand, type Cluster, type HostStats } from '../options/host.js';
import type { HostRequest, WorkerSource } from '../parent/start-on-host.js';
import type { Worker } from '../parent/worker.js';
import { busTransport } from './bus-transport.js';
import { readConnectOptions, type ConnectOptions, type Lease } from './connect-options.js';
import { encodeRefusal } from './link/frame.js';
import { Link } from './link/link.js';
import type { LinkEvents } from './link/link-options.js';
import { openBus, type Bus, type BusListener, type BusMessage } from './nats.js';
import { permissionError } from './nats-errors.js';
import { brief, QUESTIONS_PER_SECOND, type Offer, type Question } from './offers.js';
import type { Place, Placer } from './placing.js';
import { FIRST_ANSWER, Questions } from './questions.js';
import { RemoteWorker } from './remote-worker.js';
import { lastPart, randomId, Subjects, type Caller } from './subjects.js';
import { PROCXY_VERSION } from './versions.js';

/** How many hosts an error lists with their reasons. */
const MOST_REASONS = 10;
/** ms for which servers may say that a host is absent: it may be connecting to another one. */
const ABSENCE = 4000;

/**
 * Connects to the hosts of a namespace.
 *
 * @throws {OptionsValidationError} for an invalid option
 * @throws {HostError} if NATS cannot be reached, or its client is not installed
 *
 * @example
 * ```ts
 * const cluster = await connect({ servers: 'nats://10.0.0.1', namespace: 'shop' });
 * const primes = await procxy(Primes, { host: cluster });
 * await primes.countBelow(1e6);
 * ```
 */
export async function connect(options: ConnectOptions): Promise<Cluster> {
  const { namespace, client, lease, ...address } = readConnectOptions(options);
  const caller: Caller = { client, connection: randomId() };
  const connection: Connected = new Connected(new Subjects(namespace), caller, lease);
  await connection.open((listener) => openBus('connect', address, listener));
  return connection;
}

class Connected implements Cluster, Placer, WorkerSource {
  readonly #subjects: Subjects;
  readonly #caller: Caller;
  readonly #lease: Lease;
  readonly #links = new Map<string, Link>();
  readonly #questions = new Questions((subject, data, id) =>
    this.#bus.publish(subject, data, this.#subjects.toClient(this.#caller, id)),
  );
  /** Instances that were given to a host, and are not in its answers yet. */
  readonly #given = new Map<string, number>();
  readonly #workers = new Set<Worker>();
  #bus!: Bus;
  #closed: string | undefined;

  constructor(subjects: Subjects, caller: Caller, lease: Lease) {
    this.#subjects = subjects;
    this.#caller = caller;
    this.#lease = lease;
    // An own property, so that it does not show in the type.
    Object.defineProperty(this, clusterBrand, { value: (request: HostRequest) => this.#startWorker(request) });
  }

  declare readonly [clusterBrand]: WorkerSource[typeof clusterBrand];

  get lease(): number {
    return this.#lease.host;
  }

  async open(bus: (listener: BusListener) => Promise<Bus>): Promise<void> {
    this.#bus = await bus({
      onReconnect: () => this.#links.forEach((link) => link.resume()),
      onClose: (reason) => this.#end(reason),
      onRefusal: (subject) => this.#refuse(subject),
    });
    this.#bus.subscribe(this.#subjects.client(this.#caller), (message) => this.#receive(message));
    await this.#bus.start();
  }

  async stats(): Promise<HostStats[]> {
    const offers = await this.#questions.ask(
      this.#subjects.census(this.#caller.client),
      { procxy: PROCXY_VERSION, where: {} },
      () => false,
    );
    return offers.map(({ stats }) => stats).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  async place(request: HostRequest, events: LinkEvents, except: ReadonlySet<string>): Promise<Place> {
    const offers = await this.#offers(request);
    if (this.#closed !== undefined) throw closedError(this.#closed);
    const willing = offers.filter(({ refusal, stats }) => refusal === undefined && !except.has(stats.id));
    const chosen = this.#leastLoaded(willing);
    if (!chosen) throw nobodyError(request.name, offers);
    return { host: chosen.stats.id, link: this.#openLink(chosen, events) };
  }

  async hasRoom(request: HostRequest): Promise<boolean> {
    const offers = await this.#offers(request);
    return offers.some(({ refusal }) => refusal === undefined);
  }

  #offers({ name, where, version }: HostRequest): Promise<Offer[]> {
    const question: Question = { procxy: PROCXY_VERSION, where, version };
    const subject = this.#subjects.place(name, this.#caller.client);
    return this.#questions.ask(subject, question, ({ refusal }) => refusal === undefined);
  }

  async close(): Promise<void> {
    this.#end('it was closed');
    await this.#bus.flush().catch(() => {});
    await this.#bus.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #startWorker(request: HostRequest): Worker {
    if (this.#closed !== undefined) throw closedError(this.#closed);
    if (!/^[^\s.*>]+$/.test(request.name) || request.name === '-') {
      throw new OptionsValidationError(
        `The name of a class on a host is a part of a subject of NATS, but got '${request.name}'. Name it: { host: { cluster, name } }.`,
      );
    }
    const worker = new RemoteWorker(request, this);
    this.#workers.add(worker);
    void worker.exited.then(() => this.#workers.delete(worker));
    return worker;
  }

  #openLink({ stats: { id: host }, stamp }: Offer, events: LinkEvents): Link {
    const session = randomId();
    const [to, from] = [
      this.#subjects.toHost(host, this.#caller, session),
      this.#subjects.toClient(this.#caller, session),
    ];
    this.#given.set(host, (this.#given.get(host) ?? 0) + 1);
    const settle = (): void => void this.#given.set(host, Math.max(0, (this.#given.get(host) ?? 0) - 1));
    // By then the host counts it by itself.
    setTimeout(settle, FIRST_ANSWER).unref();
    const link = new Link({
      transport: busTransport(this.#bus, to, from),
      events: {
        ...events,
        onEnd: (end) => {
          this.#links.delete(session);
          events.onEnd(end);
        },
      },
      lease: this.#lease.host,
      absence: Math.min(ABSENCE, this.#lease.host),
      idle: Math.min(1000, this.#lease.host / 5),
      echo: stamp,
    });
    this.#links.set(session, link);
    return link;
  }

  #leastLoaded(offers: readonly Offer[]): Offer | undefined {
    const load = ({ stats }: Offer): number => (stats.instances + (this.#given.get(stats.id) ?? 0)) / stats.limit;
    const least = offers.reduce((most, offer) => Math.min(most, load(offer)), Infinity);
    const equal = offers.filter((offer) => load(offer) === least);
    return equal[Math.floor(Math.random() * equal.length)];
  }

  #receive(message: BusMessage): void {
    const id = lastPart(message.subject);
    if (this.#questions.receive(id, message)) return;
    const link = this.#links.get(id);
    if (!link) {
      // A host that was given up, or whose instance has ended here: it is told so.
      if (!message.isRefusal && this.#subjects.isOfHost(this.#caller, message.reply) && !isClosing(message.data)) {
        this.#bus.publish(message.reply, encodeRefusal());
      }
    } else if (message.isRefusal) link.nobody();
    else link.receive(message.data);
  }

  /** NATS does not let this client publish on a subject: nobody will answer. */
  #refuse(subject: string): boolean {
    const link = this.#links.get(lastPart(subject));
    link?.forbid();
    const error = permissionError('connect', { operation: 'publish', subject });
    return this.#questions.fail(subject, error) || link !== undefined;
  }

  /** Ends all instances. */
  #end(reason: string): void {
    if (this.#closed !== undefined) return;
    this.#closed = reason;
    for (const worker of this.#workers) worker.end('kill', `the connection to the hosts is closed: ${reason}`);
    for (const link of this.#links.values()) link.close();
  }
}

function isClosing(frame: Buffer): boolean {
  return ((frame[1] ?? 0) & 2) !== 0;
}

function closedError(reason: string): HostError {
  return new HostError(`The connection to the hosts is closed: ${reason}. Call connect() again.`);
}

function nobodyError(name: string, offers: readonly Offer[]): HostError {
  if (offers.length === 0) {
    return new HostError(
      `No host serves the class ${name}. Start one with serve() or procxy-host in the same namespace, and name the class in its \`classes\`. If a host does serve it, connections with the name of this client may have asked more than ${QUESTIONS_PER_SECOND} times in a second: it ignores such questions.`,
    );
  }
  const reasons = offers.slice(0, MOST_REASONS).map(({ stats, refusal = '' }) => {
    return `${brief(stats.machine)} (${brief(stats.id)}): ${brief(refusal)}`;
  });
  const others = offers.length - reasons.length;
  const rest = others > 0 ? `; and ${others} other hosts` : '';
  return new HostError(`No host takes an instance of ${name}. ${reasons.join('; ')}${rest}.`);
}
