import { clearTimeout, now, setTimeout } from '../clock.js';
import { OptionsValidationError, ProtocolError } from '../errors.js';
import { HostError } from '../host-errors.js';
import { clusterBrand, type Cluster, type HostStats } from '../options/host.js';
import type { HostRequest, WorkerSource } from '../parent/start-on-host.js';
import type { Worker } from '../parent/worker.js';
import { readConnectOptions, type ConnectOptions, type Lease } from './connect-options.js';
import { encodeRefusal } from './link/frame.js';
import { Link } from './link/link.js';
import type { LinkEvents } from './link/link-options.js';
import { openBus, type Bus, type BusMessage } from './nats.js';
import { decodeOffer, encodeJson, type Offer, type Question } from './offers.js';
import { RemoteWorker, type Place, type Placer } from './remote-worker.js';
import { lastPart, randomId, Subjects, type Caller } from './subjects.js';
import { PROCXY_VERSION } from './versions.js';

/** ms to wait for the first answer of a host. */
const FIRST_ANSWER = 2000;
/** ms until the question is asked again, in case it was lost. */
const ASK_AGAIN = 250;
/** ms to wait for further answers, once a host has offered to take the instance. */
const MORE_ANSWERS = 10;
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
  readonly #questions = new Map<string, (message: BusMessage) => void>();
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

  async open(bus: (listener: { onReconnect(): void; onClose(reason: string): void }) => Promise<Bus>): Promise<void> {
    this.#bus = await bus({
      onReconnect: () => this.#links.forEach((link) => link.resume()),
      onClose: (reason) => this.#end(reason),
    });
    this.#bus.subscribe(this.#subjects.client(this.#caller), (message) => this.#receive(message));
    await this.#bus.start();
  }

  async stats(): Promise<HostStats[]> {
    const offers = await this.#ask(this.#subjects.census, { procxy: PROCXY_VERSION, where: {} }, () => false);
    return offers.map(({ stats }) => stats).toSorted((a, b) => (a.id < b.id ? -1 : 1));
  }

  async place({ name, where, version }: HostRequest, events: LinkEvents): Promise<Place> {
    const question: Question = { procxy: PROCXY_VERSION, where, version };
    const offers = await this.#ask(this.#subjects.place(name), question, ({ refusal }) => refusal === undefined);
    if (this.#closed !== undefined) throw closedError(this.#closed);
    const chosen = this.#leastLoaded(offers.filter(({ refusal }) => refusal === undefined));
    if (!chosen) throw nobodyError(name, offers);
    return { host: chosen.stats.id, link: this.#openLink(chosen, events) };
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
    const bus = this.#bus;
    this.#given.set(host, (this.#given.get(host) ?? 0) + 1);
    const settle = (): void => void this.#given.set(host, Math.max(0, (this.#given.get(host) ?? 0) - 1));
    // By then the host counts it by itself.
    setTimeout(settle, FIRST_ANSWER).unref();
    const link = new Link({
      transport: {
        get maxPayload() {
          return bus.maxPayload;
        },
        get isConnected() {
          return bus.isConnected;
        },
        send: (frame) => bus.publish(to, frame, from),
      },
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
    const least = Math.min(...offers.map(load));
    const equal = offers.filter((offer) => load(offer) === least);
    return equal[Math.floor(Math.random() * equal.length)];
  }

  /** Asks hosts, and collects what they answer. */
  #ask(subject: string, question: Question, isGood: (offer: Offer) => boolean): Promise<Offer[]> {
    const id = randomId();
    const offers: Offer[] = [];
    return new Promise((resolve) => {
      const until = now() + FIRST_ANSWER;
      const publish = (): void => {
        if (now() >= until || offers.length > 0) return;
        this.#bus.publish(subject, encodeJson(question), this.#subjects.toClient(this.#caller, id));
        again = setTimeout(publish, ASK_AGAIN);
      };
      let again: NodeJS.Timeout | undefined;
      const finish = (): void => {
        clearTimeout(timer);
        clearTimeout(again);
        this.#questions.delete(id);
        resolve(offers);
      };
      let timer = setTimeout(finish, FIRST_ANSWER);
      let isSoon = false;
      this.#questions.set(id, ({ data, isRefusal }) => {
        // Nobody listens to this subject now. A host may be connecting again.
        if (isRefusal) return;
        const offer = readOffer(data);
        if (!offer || offers.some(({ stats }) => stats.id === offer.stats.id)) return;
        offers.push(offer);
        const wait = isGood(offer) ? MORE_ANSWERS : 10 * MORE_ANSWERS;
        if (isSoon || (offers.length > 1 && wait > MORE_ANSWERS)) return;
        isSoon = wait === MORE_ANSWERS;
        clearTimeout(timer);
        timer = setTimeout(finish, wait);
      });
      publish();
    });
  }

  #receive(message: BusMessage): void {
    const id = lastPart(message.subject);
    const question = this.#questions.get(id);
    if (question) return question(message);
    const link = this.#links.get(id);
    if (!link) {
      // A host that was given up, or whose instance has ended here: it is told so.
      if (!message.isRefusal && this.#subjects.isHost(message.reply) && !isClosing(message.data)) {
        this.#bus.publish(message.reply, encodeRefusal());
      }
    } else if (message.isRefusal) link.nobody();
    else link.receive(message.data);
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

function readOffer(data: Buffer): Offer | undefined {
  try {
    return decodeOffer(data);
  } catch (error) {
    // An answer that cannot be read counts as none.
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}

function closedError(reason: string): HostError {
  return new HostError(`The connection to the hosts is closed: ${reason}. Call connect() again.`);
}

function nobodyError(name: string, offers: readonly Offer[]): HostError {
  if (offers.length === 0) {
    return new HostError(
      `No host serves the class ${name}. Start one with serve() or procxy-host in the same namespace, and name the class in its \`classes\`.`,
    );
  }
  const reasons = offers.map(({ stats, refusal }) => `${stats.machine} (${stats.id}): ${refusal}`);
  return new HostError(`No host takes an instance of ${name}. ${reasons.join('; ')}.`);
}
