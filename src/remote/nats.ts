import { describeReason } from '../errors.js';
import { HostError } from '../host-errors.js';
import { connectError, describeRefusal, permissionError, refusalOf, type Refusal } from './nats-errors.js';

/**
 * How to reach the servers of NATS.
 *
 * @example
 * ```ts
 * const address: NatsAddress = { servers: 'tls://10.0.0.1', nats: { user: 'web', pass: 'secret' } };
 * await connect({ ...address, namespace: 'shop' });
 * ```
 */
export interface NatsAddress {
  /**
   * The addresses of the servers.
   * @default 'nats://127.0.0.1:4222'
   */
  servers?: string | readonly string[] | undefined;
  /** Further options of `connect()` of `@nats-io/transport-node`: credentials, TLS, names. */
  nats?: object | undefined;
}

export interface BusMessage {
  subject: string;
  reply: string | undefined;
  data: Buffer;
  /** Nobody was there to take a message that was sent with this subject as its reply. */
  isRefusal: boolean;
}

/** A connection to the servers, which connects again by itself. */
export interface Bus {
  readonly maxPayload: number;
  readonly isConnected: boolean;
  /** Whether it is closed, and does not connect again. */
  readonly isClosed: boolean;
  /** Loses the message without a connection. With `reply`, that subject is told if nobody is there. */
  publish(subject: string, data: Uint8Array, reply?: string): void;
  subscribe(subject: string, listener: (message: BusMessage) => void): void;
  /** Sends what was published so far, and waits until the servers have it. */
  flush(): Promise<void>;
  /** Waits until the servers have the first subscriptions. If they cannot, or refuse one, it closes. @throws {HostError} */
  start(): Promise<void>;
  close(): Promise<void>;
}

export interface BusListener {
  onReconnect(): void;
  /** The connection is closed for good. */
  onClose(reason: string): void;
  /** The servers do not let this user publish on a subject. What was sent is lost. Returns whether somebody is told. */
  onRefusal(subject: string): boolean;
}

/** The part of the client of NATS that is used. The package itself is optional, so that its types are not imported. */
interface NatsClient {
  readonly info?: { readonly max_payload: number };
  publish(subject: string, data: Uint8Array, options?: { reply: string }): void;
  subscribe(subject: string, options: { callback(error: Error | null, message: NatsMessage): void }): unknown;
  flush(): Promise<void>;
  status(): AsyncIterable<{ readonly type: string; readonly error?: unknown }>;
  closed(): Promise<void | Error>;
  close(): Promise<void>;
}

interface NatsMessage {
  readonly subject: string;
  readonly reply?: string;
  readonly data: Uint8Array;
  readonly headers?: { readonly code: number };
}

/** A held cable is noticed after this many ms without an answer to two pings, instead of after two minutes. */
const PING_INTERVAL = 1000;
/** ms for an attempt to connect. A server that was killed in the middle of one would hold it up for 20 s. */
const CONNECT_TIMEOUT = 1000;
/** ms between two attempts to connect again. */
const RECONNECT_WAIT = 100;
/** The most that a server accepts by default, in bytes. */
const MAX_PAYLOAD = 1024 * 1024;
const NOBODY = 503;

/**
 * @param caller how messages name the function that was called
 * @throws {HostError} if the servers cannot be reached, or the client of NATS is not installed
 */
export async function openBus(caller: string, { servers, nats }: NatsAddress, listener: BusListener): Promise<Bus> {
  const connect = await loadClient(caller);
  let client: NatsClient;
  try {
    client = await connect({
      pingInterval: PING_INTERVAL,
      maxPingOut: 2,
      timeout: CONNECT_TIMEOUT,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_WAIT,
      reconnectJitter: RECONNECT_WAIT,
      reconnectJitterTLS: RECONNECT_WAIT,
      ...(servers !== undefined && { servers: typeof servers === 'string' ? servers : [...servers] }),
      ...nats,
    });
  } catch (cause) {
    throw connectError(caller, String(servers ?? 'nats://127.0.0.1:4222'), cause);
  }
  return new NatsBus(caller, client, listener);
}

async function loadClient(caller: string): Promise<(options: object) => Promise<NatsClient>> {
  // Not a literal, so that neither bundlers nor compilers insist on the optional package.
  const name = '@nats-io/transport-node';
  try {
    const { connect } = (await import(name)) as { connect(options: object): Promise<NatsClient> };
    return connect;
  } catch (cause) {
    throw new HostError(`${caller}() needs the package ${name}, which is not installed. Run: npm install ${name}`, {
      cause,
    });
  }
}

class NatsBus implements Bus {
  isConnected = true;
  isClosed = false;
  readonly #caller: string;
  readonly #client: NatsClient;
  readonly #listener: BusListener;
  /** What was warned of. */
  readonly #warned = new Set<string>();
  /** The first subscription that was refused. `start()` throws it. */
  #refused: Refusal | undefined;
  #hasStarted = false;

  constructor(caller: string, client: NatsClient, listener: BusListener) {
    this.#caller = caller;
    this.#client = client;
    this.#listener = listener;
    void this.#follow();
    void client.closed().then((error) => {
      this.isConnected = false;
      this.isClosed = true;
      listener.onClose(error ? describeReason(error) : 'it was closed');
    });
  }

  get maxPayload(): number {
    return this.#client.info?.max_payload ?? MAX_PAYLOAD;
  }

  publish(subject: string, data: Uint8Array, reply?: string): void {
    if (this.isConnected) this.#client.publish(subject, data, reply === undefined ? undefined : { reply });
  }

  subscribe(subject: string, listener: (message: BusMessage) => void): void {
    this.#client.subscribe(subject, {
      callback: (error, message) => {
        if (error) {
          this.#refused ??= refusalOf(error);
          return;
        }
        const { data, headers, reply } = message;
        const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
        try {
          listener({ subject: message.subject, reply, data: bytes, isRefusal: headers?.code === NOBODY });
        } catch (failure) {
          // An error that left this callback would end the client's loop, and nothing would be read any more.
          this.#warn('message', `A message on ${message.subject} was dropped: ${describeReason(failure)}.`);
        }
      },
    });
  }

  flush(): Promise<void> {
    return this.#client.flush();
  }

  async start(): Promise<void> {
    try {
      await this.flush();
      if (this.#refused) throw permissionError(this.#caller, this.#refused);
      this.#hasStarted = true;
    } catch (cause) {
      await this.close().catch(() => {});
      if (cause instanceof HostError) throw cause;
      throw new HostError(`The connection to NATS ended before it could be used: ${describeReason(cause)}.`, { cause });
    }
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  /** Warns of the first of each kind only: a stranger can cause many. */
  #warn(kind: string, text: string): void {
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(text, { code: 'PROCXY_NATS' });
  }

  async #follow(): Promise<void> {
    for await (const { type, error } of this.#client.status()) {
      const refusal = type === 'error' ? refusalOf(error) : undefined;
      if (refusal) this.#refuse(refusal);
      else if (type === 'disconnect') this.isConnected = false;
      else if (type === 'reconnect') {
        this.isConnected = true;
        this.#listener.onReconnect();
      }
    }
  }

  #refuse(refusal: Refusal): void {
    const isTold = refusal.operation === 'publish' ? this.#listener.onRefusal(refusal.subject) : !this.#hasStarted;
    if (isTold) return;
    this.#warn(refusal.operation, `${describeRefusal(refusal)} Check its permissions.`);
  }
}
