import { hostname } from 'node:os';
import { clearTimeout, now, setTimeout } from '../clock.js';
import { ProtocolError } from '../errors.js';
import type { HostStats } from '../options/host.js';
import { callerUrl } from '../parent/caller.js';
import { ClassProcesses } from './class-processes.js';
import { HostedInstance } from './hosted-instance.js';
import { decodeFrame, encodeRefusal, Lane } from './link/frame.js';
import { Link } from './link/link.js';
import { openBus, type Bus, type BusMessage } from './nats.js';
import { brief, decodeQuestion, encodeJson, labelOf, type Question } from './offers.js';
import { readServeOptions, type ResolvedServe, type ServeOptions } from './serve-options.js';
import { lastPart, randomId, readAddress, Subjects, type Caller } from './subjects.js';
import { isCompatible, PROCXY_VERSION, speaksWith } from './versions.js';

/**
 * A host, which runs instances for clients.
 *
 * @example
 * ```ts
 * const host: Host = await serve({ namespace: 'shop', classes: { Primes: { module: './primes.js' } } });
 * console.log(host.id, host.stats().instances);
 * await host.close();
 * ```
 */
export interface Host {
  /** Its id, which changes with each start. */
  readonly id: string;
  /** How it is. */
  stats(): HostStats;
  /**
   * Takes no new instances, tells clients so, and closes when the last instance has ended.
   * @param timeout ms after which instances that are left are ended. Default: none
   */
  drain(timeout?: number): Promise<void>;
  /** Ends all instances, after their dispose hooks, and disconnects. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Sessions that have ended are remembered, so that a late frame does not start them again. */
const REMEMBERED = 10_000;

/** Sessions beyond the limits of instances that are told why they are refused. Any more are refused without a reason. */
const SPARE_PER_CLIENT = 64;
const SPARE = 512;

/**
 * Runs instances for clients of the same namespace.
 *
 * @throws {OptionsValidationError} for an invalid option
 * @throws {HostError} if NATS cannot be reached, or its client is not installed
 *
 * @example
 * ```ts
 * const host = await serve({ namespace: 'shop', classes: { Primes: { module: './primes.js' } } });
 * process.once('SIGTERM', () => void host.drain(30_000));
 * ```
 */
export async function serve(options: ServeOptions): Promise<Host> {
  const resolved = readServeOptions(options);
  const processes = new ClassProcesses(resolved, callerUrl(serve as (...args: never[]) => unknown));
  const host = new RunningHost(resolved, processes);
  await host.open();
  return host;
}

/**
 *   RUNNING ──drain()──▶ DRAINING ──the last instance has ended──▶ CLOSED
 *      └──────────────────── close() ───────────────────────────────▶┘
 */
class RunningHost implements Host {
  readonly id = randomId();
  readonly #options: ResolvedServe;
  readonly #processes: ClassProcesses;
  readonly #subjects: Subjects;
  /** By session. */
  readonly #instances = new Map<string, { readonly instance: HostedInstance; readonly client: string }>();
  readonly #past = new Set<string>();
  #bus!: Bus;
  #state: 'running' | 'draining' | 'closed' = 'running';
  #onEmpty: (() => void) | undefined;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedServe, processes: ClassProcesses) {
    this.#options = options;
    this.#processes = processes;
    this.#subjects = new Subjects(options.namespace);
  }

  async open(): Promise<void> {
    this.#bus = await openBus('serve', this.#options, {
      onReconnect: () => this.#instances.forEach(({ instance }) => instance.link.resume()),
      onClose: () => this.#instances.forEach(({ instance }) => instance.link.close()),
    });
    this.#bus.subscribe(this.#subjects.places, (message) => this.#answer(message));
    this.#bus.subscribe(this.#subjects.host(this.id), (message) => this.#receive(message));
    await this.#bus.start();
  }

  stats(): HostStats {
    const { limits, labels, classes } = this.#options;
    return {
      id: this.id,
      machine: hostname(),
      pid: process.pid,
      procxy: PROCXY_VERSION,
      state: this.#publicState,
      instances: this.#count(),
      limit: limits.instances,
      labels,
      classes: Object.fromEntries([...classes].map(([name, { version }]) => [name, version])),
    };
  }

  get #publicState(): HostStats['state'] {
    if (this.#bus.isClosed) return 'closed';
    if (this.#state !== 'running') return 'draining';
    return this.#bus.isConnected ? 'running' : 'disconnected';
  }

  async drain(timeout?: number): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'draining';
      for (const { instance } of this.#instances.values()) instance.warnOfDrain();
    }
    // Closing ends the rest.
    const timer = timeout === undefined ? undefined : setTimeout(() => void this.close().catch(() => {}), timeout);
    await this.#isEmpty();
    clearTimeout(timer);
    await this.close();
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#state = 'closed';
    for (const { instance } of this.#instances.values()) instance.end('its host was closed');
    // A client that is gone is not waited for. Its instances end by themselves.
    const late = new Promise<void>((resolve) => void setTimeout(resolve, this.#options.lease.host).unref());
    await Promise.race([this.#isEmpty(), late]);
    for (const { instance } of this.#instances.values()) instance.link.close();
    await this.#isEmpty();
    await this.#bus.flush().catch(() => {});
    await this.#bus.close();
  }

  #isEmpty(): Promise<void> {
    if (this.#instances.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const before = this.#onEmpty;
      this.#onEmpty = () => {
        before?.();
        resolve();
      };
    });
  }

  /** Answers a client that looks for hosts. */
  #answer({ subject, data, reply }: BusMessage): void {
    if (!this.#subjects.isClient(reply) || this.#state === 'closed') return;
    const name = lastPart(subject);
    let question: Question;
    try {
      question = decodeQuestion(data);
    } catch (error) {
      // A stranger's message is not answered.
      if (error instanceof ProtocolError) return;
      throw error;
    }
    const isCensus = subject === this.#subjects.census;
    if (!isCensus && !this.#options.classes.has(name)) return;
    const refusal = isCensus ? undefined : this.#refusal(name, question);
    this.#bus.publish(reply, encodeJson({ stats: this.stats(), stamp: Math.floor(now() * 1000), refusal }));
  }

  /** Returns why this host does not take an instance, if so. */
  #refusal(name: string, { procxy, version, where }: Question): string | undefined {
    const served = this.#options.classes.get(name);
    if (!served) return `it does not serve ${name}`;
    if (!speaksWith(PROCXY_VERSION, procxy)) return `it runs procxy ${PROCXY_VERSION}, and the client ${brief(procxy)}`;
    if (version !== undefined && served.version === undefined) return `it does not say which version of ${name} it has`;
    if (version !== undefined && !isCompatible(served.version ?? '', version)) {
      return `it has ${name} ${served.version}, and the client needs ${brief(version)}`;
    }
    const { labels } = this.#options;
    const missing = Object.entries(where).find(([label, value]) => labelOf(labels, label) !== value);
    if (missing) {
      const [label, wanted] = missing;
      return `its label ${brief(label)} is ${labelOf(labels, label)}, not ${brief(String(wanted))}`;
    }
    if (this.#state !== 'running') return 'it is draining';
    const { instances } = this.#options.limits;
    return this.#count() >= instances ? `it is full: ${instances} instances` : undefined;
  }

  #receive({ subject, data, isRefusal }: BusMessage): void {
    const address = readAddress(subject);
    if (!address) return;
    const { session } = address;
    const known = this.#instances.get(session);
    if (known) {
      // A session belongs to the client that began it.
      if (known.client !== address.client) return;
      if (isRefusal) known.instance.link.nobody();
      else known.instance.receive(data);
    } else if (!isRefusal) this.#begin(address, session, data);
  }

  /** The first frame of a session begins it. Any other of an unknown session is refused. */
  #begin(caller: Caller, session: string, data: Buffer): void {
    const to = this.#subjects.toClient(caller, session);
    let frame: ReturnType<typeof decodeFrame>;
    try {
      frame = decodeFrame(data);
    } catch (error) {
      if (error instanceof ProtocolError) return;
      throw error;
    }
    if (frame.closes) return;
    const isFirst = frame.lane === Lane.CONTROL && frame.offset === 0 && frame.bytes.length > 0;
    if (!isFirst || this.#past.has(session) || this.#state === 'closed' || this.#isCrowded(caller.client)) {
      return this.#bus.publish(to, encodeRefusal());
    }
    const instance = this.#prepare(caller, session, to);
    this.#instances.set(session, { instance, client: caller.client });
    instance.receive(data);
  }

  #prepare({ client, connection }: Caller, session: string, to: string): HostedInstance {
    const { authorize, exposeStderr, lease, log } = this.#options;
    const bus = this.#bus;
    const from = this.#subjects.toHost(this.id, { client, connection }, session);
    const instance: HostedInstance = new HostedInstance({
      machine: hostname(),
      exposeStderr,
      authorize: authorize && ((className, args) => authorize(client, className, args)),
      check: (open) => {
        const { perClient } = this.#options.limits;
        if (this.#count(client) >= perClient) return `it is full for the client ${client}: ${perClient} instances`;
        const question: Question = { procxy: open.procxy, version: open.version, where: {} };
        return this.#processes.refusal(open) ?? this.#refusal(open.class, question);
      },
      start: (open, events) =>
        this.#processes.start(open, { ...events, onLine: (line) => log(`[${open.class} ${instance.pid}] ${line}`) }),
      load: (open, child) => this.#processes.load(open, child),
      onOver: () => this.#forget(session),
    });
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
      events: instance,
      lease: lease.client,
      // A client that was absent for as long has given this host up.
      absence: lease.host,
      idle: Math.min(5000, lease.client / 4),
      fence: lease.host,
    });
    instance.attach(link);
    return instance;
  }

  /** How many instances run, of all clients or of one. */
  #count(client?: string): number {
    const all = [...this.#instances.values()];
    return all.filter((each) => each.instance.isRunning && (client === undefined || each.client === client)).length;
  }

  /** Whether there are as many sessions as a client, or all clients, may have open: admitted, refused or still asking. */
  #isCrowded(client: string): boolean {
    const { instances, perClient } = this.#options.limits;
    const own = [...this.#instances.values()].filter((each) => each.client === client).length;
    return own >= perClient + SPARE_PER_CLIENT || this.#instances.size >= instances + SPARE;
  }

  #forget(session: string): void {
    this.#instances.delete(session);
    this.#past.add(session);
    const [oldest] = this.#past;
    if (this.#past.size > REMEMBERED && oldest !== undefined) this.#past.delete(oldest);
    if (this.#instances.size > 0) return;
    this.#onEmpty?.();
    this.#onEmpty = undefined;
  }
}
