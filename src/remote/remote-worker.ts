/*
 * This file is longer than most, because it is a worker in all of its states. Its lanes, the choice of a host and its errors have files
 * of their own.
 */
import type { Channel } from '../channel/channel.js';
import type { Decoder } from '../channel/decoder.js';
import { ProtocolError, type ProcxyError } from '../errors.js';
import { crashError } from '../parent/crash-error.js';
import { keepAliveByTimer, type KeepAlive } from '../parent/keep-alive.js';
import type { HostContext } from '../parent/tracing.js';
import type { HostRequest } from '../parent/start-on-host.js';
import { CALL_AGAIN, type EndKind, type OpenBlockingLane, type Worker, type WorkerListener } from '../parent/worker.js';
import type { DataLane } from '../session/streams/data-link.js';
import type { ExitStatus } from '../types/stats.js';
import {
  controlDecoder,
  encodeControl,
  readFromHost,
  type Ended,
  type FromClient,
  type Open,
  type Opened,
} from './control.js';
import { FarBlocking, FarBytes, FarMessages, type WriteLane } from './far-lanes.js';
import { Lane, type LaneId } from './link/frame.js';
import type { Link } from './link/link.js';
import type { LinkEnd, LinkEvents } from './link/link-options.js';
import { Placing, type Place, type Placer } from './placing.js';
import { lostError, refusedError, type Failure } from './worker-errors.js';
import { PROCXY_VERSION } from './versions.js';

/**
 * An instance on another machine, with its lifetime and the reason of its end.
 *
 *     the agent is asked for the class    the host has started it    ended, lost, refused or killed
 *   WAITING ───────────────────────▶ PLACING ─────────────────▶ RUNNING ──────────────────────▶ ENDED
 *                  refused or lost: the  │ ▲                                                       ▲
 *                  next host is asked    └─┘──────── no host will run it, or end() ────────────────┘
 *
 * `#open` is set from PLACING on, `#link` while a host is chosen, `#hasBegun` and `pid` from RUNNING on. Messages before that wait in
 * `#early`, so that a host which refuses has run nothing. `#status` and `#failure` are set when it has ended.
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
  isDraining = false;
  /** The id of its host. */
  hostId: string | undefined;
  /** The name of its host's machine. */
  host = '';
  readonly #request: HostRequest;
  readonly #placer: Placer;
  readonly #keepAlive: KeepAlive;
  readonly #messages: FarMessages;
  /** Reads what the host says that is asked now. */
  #control: Decoder | undefined;
  readonly #bytes: FarBytes;
  readonly #blocking: FarBlocking;
  #early: [LaneId, Buffer][] = [];
  #link: Link | undefined;
  readonly #listeners: WorkerListener[] = [];
  readonly #placing: Placing;
  #open: Open | undefined;
  /** Whether its host may have run something of it. */
  #hasBegun = false;
  #status: ExitStatus | undefined;
  #failure: Failure | undefined;
  #ended: Ended | undefined;
  #endedFor: string | undefined;
  #resolveExit!: (status: ExitStatus) => void;

  constructor(request: HostRequest, placer: Placer) {
    this.#request = request;
    this.#placer = placer;
    this.#placing = new Placing({
      request,
      placer,
      events: () => this.#linkEvents(),
      onPlace: (place) => this.#start(place),
      onNone: (failure) => this.#fail(failure),
    });
    const write: WriteLane = (lane, bytes) => this.#write(lane, bytes);
    this.#messages = new FarMessages({
      mode: request.serialization,
      write,
      onOpen: (open) => this.#place(open),
      onGarbage: (error) => this.#listeners.forEach((each) => each.onGarbage(error)),
    });
    this.channel = this.#messages.channel;
    this.#bytes = new FarBytes(write, (count) => this.#link?.consume(Lane.BYTES, count));
    this.bytes = this.#bytes.open;
    this.#blocking = new FarBlocking(write, (count) => this.#link?.consume(Lane.BLOCKING, count));
    this.blocking = this.#blocking.open;
    this.exited = new Promise((resolve) => (this.#resolveExit = resolve));
    this.disconnected = this.exited.then(() => {});
    this.#keepAlive = keepAliveByTimer(this.exited);
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
    if (this.isDraining) listener.onDraining?.();
  }

  canMove(): Promise<boolean> {
    return this.#placer.hasRoom(this.#request);
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
    if (this.pid !== undefined && how === 'term') return this.#tell({ type: 'end', how });
    // Whatever the host does, this end is over now.
    this.#tell({ type: 'end', how: 'kill' });
    this.#link?.close();
    this.#finish({ code: null, signal: 'SIGKILL' });
  }

  crashError(method: string, advice = CALL_AGAIN): ProcxyError {
    if (this.#failure) return this.#failure(method, advice);
    const crash = {
      what: `the process on the host ${this.host || this.hostId}`,
      status: this.#status ?? { code: null, signal: null },
      lastWords: this.lastWords,
      endedFor: this.#endedFor ?? this.#ended?.reason,
      stderr: this.#ended?.stderr,
      limitedBy: "`resourceLimits`, in the host's options of the class,",
    };
    return crashError(method, crash, advice);
  }

  /** The agent is asked for the class: the host does it, so that the client cannot choose the module. */
  #place({ callId, request }: Pick<Open, 'callId' | 'request'>): void {
    if (this.#open || this.hasEnded) return;
    const { name, version } = this.#request;
    const { lease } = this.#placer;
    this.#open = { type: 'open', procxy: PROCXY_VERSION, class: name, version, lease, callId, request };
    this.#placing.choose();
  }

  #linkEvents(): LinkEvents {
    const control = controlDecoder((message) => {
      // A host that was passed over is not heard any more, though more of it may have arrived.
      if (this.#control === control) this.#read(message);
    });
    this.#control = control;
    return {
      onData: (lane, bytes) => this.#receive(lane, bytes),
      onRoom: (lane) => {
        if (lane === Lane.BYTES) this.#bytes.room();
      },
      onEnd: (end) => this.#lose(end),
    };
  }

  #start({ link, host }: Place): void {
    this.hostId = host;
    if (this.hasEnded) return link.close();
    this.#link = link;
    if (this.#open) this.#tell(this.#open);
  }

  /** The host has not started the instance, so that nothing of it has run: another host is asked. */
  #tryAnother(failure: Failure): void {
    this.#placing.passOver(`${this.hostId}`);
    const link = this.#link;
    this.#link = undefined;
    this.#control = undefined;
    this.isDraining = false;
    link?.close();
    this.#placing.choose(failure);
  }

  #started({ pid, machine }: Opened): void {
    if (this.pid !== undefined) throw new ProtocolError('The host started an instance twice.');
    this.#hasBegun = true;
    this.pid = pid;
    this.host = machine;
    this.#trace('placed');
    for (const [lane, bytes] of this.#early.splice(0)) this.#link?.write(lane, bytes);
  }

  #tell(message: FromClient): void {
    this.#link?.write(Lane.CONTROL, encodeControl(message));
  }

  #write(lane: LaneId, bytes: Buffer): boolean {
    if (this.#link && this.pid !== undefined) return this.#link.write(lane, bytes);
    if (!this.hasEnded) this.#early.push([lane, bytes]);
    return true;
  }

  #receive(lane: LaneId, bytes: Buffer): void {
    // Lanes may overtake each other.
    if (lane !== Lane.CONTROL) this.#hasBegun = true;
    if (lane === Lane.BYTES) return this.#bytes.arrive(bytes);
    if (lane === Lane.BLOCKING) return this.#blocking.arrive(bytes);
    if (lane === Lane.CONTROL) this.#control?.push(bytes);
    else {
      this.#messages.arrive(bytes);
      this.#blocking.advance(bytes.length);
    }
    this.#link?.consume(lane, bytes.length);
  }

  #read(received: { readonly type: unknown }): void {
    const message = readFromHost(received);
    switch (message.type) {
      case 'opened':
        this.#started(message);
        break;
      case 'refused': {
        const refused = refusedError(`${this.hostId}`, message.reason);
        this.#trace('refused', refused);
        if (!this.#hasBegun) return this.#tryAnother(refused);
        this.#fail(refused);
        this.#link?.close();
        break;
      }
      case 'draining':
        this.isDraining = true;
        this.#trace('draining');
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
    const id = `${this.hostId}`;
    const name = this.host === '' ? id : `${this.host} (${id})`;
    const lost = lostError(end, { id, name, lease: this.#placer.lease });
    this.#trace('lost', lost);
    if (!this.#hasBegun && end.why !== 'violation') this.#tryAnother(lost);
    else this.#fail(lost);
  }

  #trace(reason: HostContext['reason'], failure?: Failure): void {
    this.#placing.trace(reason, `${this.hostId}`, this.pid, failure);
  }

  #fail(error: Failure): void {
    this.#failure = error;
    this.#finish({ code: null, signal: null });
  }

  #finish(status: ExitStatus): void {
    if (this.hasEnded) return;
    this.#status = status;
    this.#control = undefined;
    this.#early = [];
    this.#bytes.end();
    this.#listeners.forEach((each) => each.onEnd());
    this.#resolveExit(status);
    this.#messages.end();
  }
}
