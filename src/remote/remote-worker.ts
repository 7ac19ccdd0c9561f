import type { Channel } from '../channel/channel.js';
import type { Decoder } from '../channel/decoder.js';
import { jsonLines, v8Frames } from '../channel/dialect.js';
import { MAX_MESSAGE } from '../channel/frames.js';
import { clearInterval, MAX_DELAY, nextTick, setInterval } from '../clock.js';
import { ChildCrashedError, describeReason, type ProcxyError } from '../errors.js';
import { HostError, HostLostError } from '../host-errors.js';
import { isError } from '../realm.js';
import { KeepAlive } from '../parent/keep-alive.js';
import type { HostRequest } from '../parent/start-on-host.js';
import { CALL_AGAIN, type EndKind, type OpenBlockingLane, type Worker, type WorkerListener } from '../parent/worker.js';
import type { LoadRequest } from '../protocol.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { ExitStatus } from '../types/stats.js';
import { BlockingReader } from './blocking-order.js';
import { controlDecoder, encodeControl, readFromHost, type Ended, type FromClient, type Open } from './control.js';
import { FarBlocking, FarBytes, type WriteLane } from './far-lanes.js';
import { Lane, type LaneId } from './link/frame.js';
import type { Link } from './link/link.js';
import type { LinkEnd, LinkEvents } from './link/link-options.js';
import { PROCXY_VERSION } from './versions.js';

/** What a worker needs of its cluster. */
export interface Placer {
  /** ms of silence after which a host is given up. */
  readonly lease: number;
  /** Finds a host, and opens a link to it. @throws {HostError} if there is none */
  place(request: HostRequest, events: LinkEvents): Promise<Place>;
}

export interface Place {
  link: Link;
  /** The id of the host. */
  host: string;
}

/**
 * An instance on another machine, with its lifetime and the reason of its end.
 *
 *     the agent is asked for the class          the host has started it          ended, lost, refused or killed
 *   WAITING ───────────────────────▶ PLACING ─────────────────────▶ RUNNING ───────────────────▶ ENDED
 *                                       └──────── no host will run it, or end() ─────────────────▶┘
 *
 * `#link` is set when a host was chosen. Messages before that wait in `#early`. `#status` and `#failure` are set when it has ended.
 */
export class RemoteWorker implements Worker {
  readonly process = undefined;
  readonly isHere = false;
  readonly leaves = true;
  readonly descriptors = {};
  readonly channel: Channel;
  readonly bytes: DataLane;
  readonly blocking: OpenBlockingLane;
  readonly exited: Promise<ExitStatus>;
  readonly disconnected: Promise<void>;
  lastWords: { error: unknown } | undefined;
  pid: number | undefined;
  /** The id of its host. */
  hostId: string | undefined;
  /** The name of its host's machine. */
  host = '';
  readonly #request: HostRequest;
  readonly #placer: Placer;
  readonly #keepAlive: KeepAlive;
  readonly #messages: Decoder;
  readonly #control: Decoder;
  readonly #bytes: FarBytes;
  readonly #blockingReader: BlockingReader;
  #early: [LaneId, Buffer][] = [];
  #link: Link | undefined;
  readonly #listeners: WorkerListener[] = [];
  #onMessage: (message: unknown) => void = () => {};
  #onClose: () => void = () => {};
  #isPlacing = false;
  #status: ExitStatus | undefined;
  #failure: ((method: string, advice: string) => ProcxyError) | undefined;
  #ended: Ended | undefined;
  #endedFor: string | undefined;
  #resolveExit!: (status: ExitStatus) => void;

  constructor(request: HostRequest, placer: Placer) {
    this.#request = request;
    this.#placer = placer;
    const dialect = request.serialization === 'advanced' ? v8Frames : jsonLines;
    this.#messages = dialect.createDecoder({
      maxMessageBytes: MAX_MESSAGE,
      onMessage: (message) => this.#onMessage(message),
      onError: (error) => this.#listeners.forEach((each) => each.onGarbage(error)),
    });
    this.#control = controlDecoder((message) => this.#read(message));
    this.channel = {
      send: (message, _handle, written) => {
        const open = openOf(message);
        if (open) this.#place(open);
        else this.#write(Lane.MESSAGES, Buffer.from(dialect.encode(message)));
        if (written) nextTick(written);
      },
      onMessage: (listener) => void (this.#onMessage = listener),
      onClose: (listener) => void (this.#onClose = listener),
      close: () => {},
    };
    const write: WriteLane = (lane, bytes) => this.#write(lane, bytes);
    this.#bytes = new FarBytes(write, (count) => this.#link?.consume(Lane.BYTES, count));
    this.bytes = this.#bytes.open;
    const blocking = new FarBlocking(write);
    this.blocking = blocking.open;
    this.#blockingReader = new BlockingReader((bytes) => blocking.arrive(bytes));
    this.exited = new Promise((resolve) => (this.#resolveExit = resolve));
    this.disconnected = this.exited.then(() => {});
    const timer = setInterval(() => {}, MAX_DELAY);
    this.#keepAlive = new KeepAlive((alive) => (alive ? timer.ref() : timer.unref()));
    void this.exited.then(() => clearInterval(timer));
  }

  get name(): string {
    return `instance of ${this.#request.name} on host ${this.hostId ?? 'unknown'}`;
  }

  get isConnected(): boolean {
    return this.#link?.isOpen === true;
  }

  get hasEnded(): boolean {
    return this.#status !== undefined;
  }

  listen(listener: WorkerListener): void {
    this.#listeners.push(listener);
  }

  hold(): void {
    this.#keepAlive.hold();
  }

  release(): void {
    this.#keepAlive.release();
  }

  end(how: EndKind, reason?: string): void {
    if (this.hasEnded) return;
    this.#endedFor ??= reason;
    if (this.#link && how === 'term') return this.#tell({ type: 'end', how });
    // Whatever the host does, this end is over now.
    this.#tell({ type: 'end', how: 'kill' });
    this.#link?.close();
    this.#finish({ code: null, signal: 'SIGKILL' });
  }

  crashError(method: string, advice = CALL_AGAIN): ProcxyError {
    if (this.#failure) return this.#failure(method, advice);
    const { code, signal } = this.#status ?? { code: null, signal: null };
    const how = signal === null ? `exited with code ${code}` : `was ended by ${signal}`;
    const error = this.lastWords?.error;
    const name = isError(error) ? `${describeReason(error.name)}: ` : '';
    const reason = this.#endedFor ?? this.#ended?.reason;
    const why = this.lastWords ? `: ${name}${describeReason(error)}` : reason === undefined ? '' : `: ${reason}`;
    return new ChildCrashedError(
      `${method}(): the process on the host ${this.host || this.hostId} ${how}${why}. ${advice}`,
      {
        exitCode: code,
        signal,
        stderr: this.#ended?.stderr,
        ...(this.lastWords && { cause: error }),
      },
    );
  }

  /** The agent is asked for the class: the host does it, so that the client cannot choose the module. */
  #place({ callId, request }: Pick<Open, 'callId' | 'request'>): void {
    if (this.#isPlacing || this.hasEnded) return;
    this.#isPlacing = true;
    const { name, version } = this.#request;
    const { lease } = this.#placer;
    const open: Open = { type: 'open', procxy: PROCXY_VERSION, class: name, version, lease, callId, request };
    const events: LinkEvents = {
      onData: (lane, bytes) => this.#receive(lane, bytes),
      onRoom: (lane) => {
        if (lane === Lane.BYTES) this.#bytes.room();
      },
      onEnd: (end) => this.#lose(end),
    };
    this.#placer.place(this.#request, events).then(
      (place) => this.#start(place, open),
      (error: unknown) => {
        this.#fail(() => error as ProcxyError);
      },
    );
  }

  #start({ link, host }: Place, open: Open): void {
    this.hostId = host;
    if (this.hasEnded) return link.close();
    this.#link = link;
    this.#tell(open);
    const early = this.#early;
    this.#early = [];
    for (const [lane, bytes] of early) link.write(lane, bytes);
  }

  #tell(message: FromClient): void {
    this.#link?.write(Lane.CONTROL, encodeControl(message));
  }

  #write(lane: LaneId, bytes: Buffer): boolean {
    if (this.#link) return this.#link.write(lane, bytes);
    if (!this.hasEnded) this.#early.push([lane, bytes]);
    return true;
  }

  #receive(lane: LaneId, bytes: Buffer): void {
    if (lane === Lane.BYTES) return this.#bytes.arrive(bytes);
    if (lane === Lane.BLOCKING) this.#blockingReader.push(bytes);
    else (lane === Lane.CONTROL ? this.#control : this.#messages).push(bytes);
    if (lane === Lane.MESSAGES) this.#blockingReader.advance(bytes.length);
    this.#link?.consume(lane, bytes.length);
  }

  #read(received: { readonly type: unknown }): void {
    const message = readFromHost(received);
    switch (message.type) {
      case 'opened':
        this.pid = message.pid;
        this.host = message.machine;
        break;
      case 'refused':
        this.#fail((method) => new HostError(`${method}(): the host ${this.hostId} refused: ${message.reason}`));
        this.#link?.close();
        break;
      case 'draining':
        this.#listeners.forEach((each) => each.onDraining?.());
        break;
      case 'ended':
        this.#ended = message;
        this.#link?.close();
        this.#finish({ code: message.code, signal: message.signal as ExitStatus['signal'] });
    }
  }

  /** The link has ended before the instance did. */
  #lose(end: LinkEnd): void {
    if (this.hasEnded || end.why === 'closed') return;
    if (end.why === 'violation') this.#listeners.forEach((each) => each.onGarbage(end.error));
    const host = this.host === '' ? `${this.hostId}` : `${this.host} (${this.hostId})`;
    const why: Record<LinkEnd['why'], string> = {
      closed: 'was closed',
      refused: 'does not know this instance any more',
      silent: `was not heard for ${this.#placer.lease} ms`,
      gone: 'is gone',
      backlog: 'is too slow: more than 64 MiB wait to be sent to it',
      violation: 'broke the protocol',
    };
    this.#fail(
      (method, advice) =>
        new HostLostError(`${method}(): the host ${host} ${why[end.why]}. ${advice}`, `${this.hostId}`),
    );
  }

  #fail(error: (method: string, advice: string) => ProcxyError): void {
    this.#failure = error;
    this.#finish({ code: null, signal: null });
  }

  #finish(status: ExitStatus): void {
    if (this.hasEnded) return;
    this.#status = status;
    this.#early = [];
    this.#bytes.end();
    this.#listeners.forEach((each) => each.onEnd());
    this.#keepAlive.close();
    this.#resolveExit(status);
    this.#onClose();
  }
}

/** Reads the call that asks an agent for its class. */
function openOf(message: object): Pick<Open, 'callId' | 'request'> | undefined {
  const { type, target, method, callId, args } = message as Record<string, unknown>;
  if (type !== 'call-invoke' || target !== 'agent' || method !== 'import') return undefined;
  const [load] = args as [LoadRequest];
  const { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout } = load;
  const request = { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout };
  return { callId: callId as number, request };
}
