import { hostname } from 'node:os';
import { clearTimeout, now, setTimeout } from '../clock.js';
import type { HostStats } from '../options/host.js';
import { callerUrl } from '../parent/caller.js';
import { busTransport } from './bus-transport.js';
import { ClassProcesses } from './class-processes.js';
import { describeHost } from './describe-host.js';
import { HostedInstance } from './hosted-instance.js';
import { encodeRefusal } from './link/frame.js';
import { Link } from './link/link.js';
import { mismatchOf } from './mismatch.js';
import { openBus, type Bus, type BusMessage } from './nats.js';
import { brief, encodeJson, QUESTIONS_PER_SECOND, readQuestion, type Question } from './offers.js';
import { Rate } from './rate.js';
import { readServeOptions, type ResolvedServe, type ServeOptions } from './serve-options.js';
import { beginsSession, Sessions } from './sessions.js';
import { randomId, readAddress, readQuestionSubject, Subjects, type Caller } from './subjects.js';

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
   * Takes no new instances, and tells clients so: their pools and restarts move elsewhere. Closes when the last instance has ended.
   * @param timeout ms after which instances that are left are ended. Default: none
   */
  drain(timeout?: number): Promise<void>;
  /** Ends all instances, after their dispose hooks, and disconnects. */
  close(): Promise<void>;
  /** The same as `close()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** The longest question that is read, in bytes. */
const MAX_QUESTION = 64 * 1024;

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
  readonly #sessions: Sessions;
  readonly #questions = new Rate(QUESTIONS_PER_SECOND);
  readonly #starts: Rate;
  #bus!: Bus;
  #started = 0;
  #state: 'running' | 'draining' | 'closed' = 'running';
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedServe, processes: ClassProcesses) {
    this.#options = options;
    this.#processes = processes;
    this.#subjects = new Subjects(options.namespace);
    const { perClient, startsPerSecond } = options.limits;
    this.#sessions = new Sessions(options.limits);
    this.#starts = new Rate(startsPerSecond, Math.max(startsPerSecond, perClient));
  }

  async open(): Promise<void> {
    this.#bus = await openBus('serve', this.#options, {
      onReconnect: () => this.#sessions.instances.forEach(({ link }) => link.resume()),
      onClose: () => this.#sessions.instances.forEach(({ link }) => link.close()),
      onRefusal: () => false,
    });
    this.#bus.subscribe(this.#subjects.places, (message) => this.#answer(message));
    this.#bus.subscribe(this.#subjects.host(this.id), (message) => this.#receive(message));
    await this.#bus.start();
  }

  stats(): HostStats {
    const counts = {
      state: this.#publicState,
      instances: this.#sessions.running(),
      started: this.#started,
      kept: this.#sessions.instances.reduce((sum, { link }) => sum + link.kept, 0),
    };
    return describeHost(this.id, this.#options, counts);
  }

  get #publicState(): HostStats['state'] {
    if (this.#bus.isClosed) return 'closed';
    if (this.#state !== 'running') return 'draining';
    return this.#bus.isConnected ? 'running' : 'disconnected';
  }

  async drain(timeout?: number): Promise<void> {
    if (this.#state === 'running') {
      this.#state = 'draining';
      for (const instance of this.#sessions.instances) instance.warnOfDrain();
    }
    // Closing ends the rest.
    const timer = timeout === undefined ? undefined : setTimeout(() => void this.close().catch(() => {}), timeout);
    await this.#sessions.until(() => this.#sessions.instances.every(({ hasProcess }) => !hasProcess));
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
    for (const instance of this.#sessions.instances) instance.end('its host was closed');
    // A client that is gone is not waited for. Its instances end by themselves.
    const late = new Promise<void>((resolve) => void setTimeout(resolve, this.#options.lease.host).unref());
    const isEmpty = (): boolean => this.#sessions.instances.length === 0;
    await Promise.race([this.#sessions.until(isEmpty), late]);
    for (const instance of this.#sessions.instances) instance.link.close();
    await this.#sessions.until(isEmpty);
    await this.#bus.flush().catch(() => {});
    await this.#bus.close();
  }

  /** Answers a client that looks for hosts. */
  #answer({ subject, data, reply }: BusMessage): void {
    const about = readQuestionSubject(subject);
    if (!about || !this.#subjects.isOfClient(about.client, reply) || this.#state === 'closed') return;
    const { className, client } = about;
    if (data.length > MAX_QUESTION || !this.#questions.take(client)) return;
    const question = readQuestion(data);
    // A stranger's message is not answered.
    if (!question) return;
    if (className !== undefined && !this.#options.classes.has(className)) return;
    const refusal = className === undefined ? undefined : this.#refusal(className, question, client);
    this.#bus.publish(reply, encodeJson({ stats: this.stats(), stamp: Math.floor(now() * 1000), refusal }));
  }

  /** Returns why this host does not take an instance, if so. */
  #refusal(name: string, question: Question, client: string): string | undefined {
    const mismatch = mismatchOf(this.#options, name, question);
    if (mismatch !== undefined) return mismatch;
    if (this.#state !== 'running') return 'it is draining';
    const { instances, perClient, startsPerSecond } = this.#options.limits;
    if (this.#sessions.running() >= instances) return `it is full: ${instances} instances`;
    if (this.#sessions.running(client) >= perClient) {
      return `it is full for the client ${brief(client)}: ${perClient} instances`;
    }
    if (!this.#starts.isUsedUp(client)) return undefined;
    return `the client ${brief(client)} has started too many instances. There may be ${startsPerSecond} in a second`;
  }

  #receive({ subject, data, isRefusal }: BusMessage): void {
    const address = readAddress(subject);
    if (!address) return;
    const { session } = address;
    const known = this.#sessions.get(session);
    if (known) {
      if (known.client !== address.client) return;
      if (isRefusal) known.instance.link.nobody();
      else known.instance.receive(data);
    } else if (!isRefusal) this.#begin(address, session, data);
  }

  /** The first frame of a session begins it. Any other of an unknown session is refused. */
  #begin(caller: Caller, session: string, data: Buffer): void {
    const to = this.#subjects.toClient(caller, session);
    const isFirst = beginsSession(data);
    if (isFirst === undefined) return;
    if (
      !isFirst ||
      this.#sessions.isPast(session) ||
      this.#state === 'closed' ||
      this.#sessions.isCrowded(caller.client)
    ) {
      return this.#bus.publish(to, encodeRefusal());
    }
    const instance = this.#prepare(caller, session, to);
    this.#sessions.add(session, { instance, client: caller.client });
    instance.receive(data);
  }

  #prepare({ client, connection }: Caller, session: string, to: string): HostedInstance {
    const { authorize, exposeStderr, lease, log } = this.#options;
    const from = this.#subjects.toHost(this.id, { client, connection }, session);
    const instance: HostedInstance = new HostedInstance({
      machine: hostname(),
      exposeStderr,
      authorize: authorize && ((className, args) => authorize(client, className, args)),
      check: (open) => {
        const question: Question = { procxy: open.procxy, version: open.version, where: {} };
        const refusal = this.#processes.refusal(open) ?? this.#refusal(open.class, question, client);
        if (refusal === undefined) this.#starts.take(client);
        return refusal;
      },
      start: (open, events) => {
        const onLine = (line: string): void => log(`[${open.class} ${instance.pid}] ${line}`);
        const child = this.#processes.start(open, { ...events, onLine });
        this.#started++;
        return child;
      },
      load: (open, child) => this.#processes.load(open, child),
      onOver: () => this.#sessions.end(session),
    });
    const link = new Link({
      transport: busTransport(this.#bus, to, from),
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
}
