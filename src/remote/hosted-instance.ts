import { jsonLines, v8Frames } from '../channel/dialect.js';
import type { Decoder } from '../channel/decoder.js';
import { describeReason, ProtocolError } from '../errors.js';
import { controlDecoder, encodeControl, type FromHost, type Open } from './control.js';
import { readRequest } from './client-request.js';
import { Gate } from './gate.js';
import type { HostedChild } from './hosted-child.js';
import { Lane, LANES, type LaneId } from './link/frame.js';
import type { Link } from './link/link.js';
import type { LinkEnd, LinkEvents } from './link/link-options.js';

export interface InstanceContext {
  /** The name of this machine. */
  readonly machine: string;
  readonly exposeStderr: boolean;
  /** Returns why the instance is refused, if it is. */
  check(open: Open): string | undefined;
  /** @throws if the process cannot be started */
  start(open: Open, listener: ChildEvents): HostedChild;
  /** `undefined` if every client may make an instance. */
  readonly authorize: ((className: string, args: readonly unknown[]) => boolean | Promise<boolean>) | undefined;
  /** The request that the agent gets in place of the client's. */
  load(open: Open, child: HostedChild): object;
  /** The instance and its link are over. */
  onOver(): void;
}

export type ChildEvents = Pick<ConstructorParameters<typeof HostedChild>[1], 'onData' | 'onEnd'>;

/**
 * One instance of a host: a link to its client, a child, and the bytes that go from one to the other.
 *
 *           open, admitted           the child has ended      all has arrived           that has arrived too
 *   WAITING ──────────────▶ RUNNING ─────────────────────▶ ENDING ──────────────▶ TOLD ──────────────────▶ OVER
 *      │ refused                │ the link ends: the child is abandoned or killed                           ▲
 *      └──────────────▶ TOLD    └───────────────────────────────────────────────────────────────────────────┘
 *
 * `#child` is set from RUNNING on, `#exit` from ENDING on, `#isTold` from TOLD on. The link is closed when it is OVER.
 */
export class HostedInstance implements LinkEvents {
  /** What it runs, once that is known. */
  className: string | undefined;
  readonly #context: InstanceContext;
  readonly #control: Decoder;
  #link!: Link;
  #child: HostedChild | undefined;
  /** Messages of the client that wait until it is authorized to make the instance. */
  #gate: Gate | undefined;
  #exit: { code: number | null; signal: string | null } | undefined;
  #isTold = false;
  #endedFor: string | undefined;

  constructor(context: InstanceContext) {
    this.#context = context;
    this.#control = controlDecoder((message) => this.#read(message as never));
  }

  attach(link: Link): void {
    this.#link = link;
  }

  get link(): Link {
    return this.#link;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Whether it was admitted and its process has not ended: it takes the room of one instance. */
  get isRunning(): boolean {
    return this.#child !== undefined && !this.#exit;
  }

  /** Whether it was admitted. A session without a process keeps nobody waiting. */
  get hasProcess(): boolean {
    return this.#child !== undefined;
  }

  /** Reads a frame of the client. */
  receive(frame: Buffer): void {
    this.#link.receive(frame);
    this.#tellEnd();
  }

  /** The host is going to end. */
  warnOfDrain(): void {
    this.#tell({ type: 'draining' });
  }

  /** Ends the child, after its dispose hook. */
  end(reason: string): void {
    this.#endedFor ??= reason;
    if (this.#child) this.#child.abandon();
    else this.#link.close();
  }

  onData(lane: LaneId, bytes: Buffer): void {
    const consume = (): void => this.#link.consume(lane, bytes.length);
    if (lane === Lane.CONTROL) {
      this.#control.push(bytes);
      return consume();
    }
    if (lane === Lane.MESSAGES && this.#gate) {
      // What waits fills the window of the client, which sends no more until the gate opens.
      if (this.#gate.push(bytes)) consume();
      return;
    }
    if (this.className === undefined) throw new ProtocolError('Bytes arrived for an instance that was not requested.');
    // The client does not know yet that it was refused.
    if (!this.#child) return consume();
    this.#child.write(lane, bytes, consume);
  }

  onRoom(lane: LaneId): void {
    this.#child?.room(lane);
  }

  onEnd({ why }: LinkEnd): void {
    if (!this.#exit) {
      if (why === 'violation' || why === 'backlog') this.#child?.end('kill');
      // A lane that waits for room is read to its end: nothing makes room any more.
      this.#child?.abandon();
    }
    if (!this.#child || this.#exit) this.#context.onOver();
  }

  #read(message: { type: unknown } & Record<string, unknown>): void {
    if (message.type === 'open' && this.className === undefined) return this.#open(readOpen(message));
    if (message.type === 'end' && this.#child) return this.#child.end(message['how'] === 'kill' ? 'kill' : 'term');
    throw new ProtocolError(`A client sent a message that is not expected, got ${describeReason(message.type)}.`);
  }

  #open(open: Open): void {
    this.className = open.class;
    this.#link.fenceAfter(open.lease);
    const refusal = this.#context.check(open);
    if (refusal !== undefined) return this.#refuse(refusal);
    const format = open.request.serialization === 'advanced' ? v8Frames : jsonLines;
    try {
      this.#child = this.#context.start(open, {
        onData: (lane, bytes) => this.#link.write(lane, bytes),
        onEnd: (code, signal) => this.#ended(code, signal),
      });
    } catch (error) {
      return this.#refuse(`its process cannot be started: ${describeReason(error)}`);
    }
    const request = { type: 'call-invoke', callId: open.callId, target: 'agent', method: 'import' };
    const message = { ...request, args: [this.#context.load(open, this.#child)] };
    this.#child.write(Lane.MESSAGES, Buffer.from(format.encode(message)), () => {});
    if (this.#context.authorize) this.#gate = new Gate(format, (args) => void this.#authorize(open.class, args));
    this.#tell({ type: 'opened', pid: this.#child.pid, machine: this.#context.machine });
  }

  async #authorize(className: string, args: readonly unknown[]): Promise<void> {
    let isAllowed: boolean;
    try {
      isAllowed = (await this.#context.authorize?.(className, args)) === true;
    } catch (error) {
      process.emitWarning(
        `authorize() failed, so that an instance of ${className} is refused. ${describeReason(error)}`,
      );
      isAllowed = false;
    }
    const gate = this.#gate;
    this.#gate = undefined;
    if (gate) this.#link.consume(Lane.MESSAGES, gate.owed);
    if (isAllowed) {
      for (const bytes of gate?.held ?? []) this.#child?.write(Lane.MESSAGES, bytes, () => {});
    } else {
      this.#child?.end('kill');
      this.#refuse(`\`authorize\` does not let this client make an instance of ${className} with these arguments`);
    }
  }

  #refuse(reason: string): void {
    this.#isTold = true;
    this.#tell({ type: 'refused', reason });
  }

  #ended(code: number | null, signal: string | null): void {
    this.#exit = { code, signal };
    if (!this.#link.isOpen) this.#context.onOver();
    this.#tellEnd();
  }

  /** Tells of the end of the child when everything that it has sent has arrived, and closes the link when that has. */
  #tellEnd(): void {
    const isBusy = this.#child ? !this.#exit : !this.#isTold;
    if (isBusy || LANES.some((lane) => !this.#link.isDelivered(lane))) return;
    if (this.#isTold) return this.#link.close();
    this.#isTold = true;
    const stderr = this.#context.exposeStderr ? this.#child?.stderr : undefined;
    const reason = this.#endedFor ?? this.#child?.endedFor;
    if (this.#exit) this.#tell({ type: 'ended', ...this.#exit, reason, stderr });
  }

  #tell(message: FromHost): void {
    this.#link.write(Lane.CONTROL, encodeControl(message));
  }
}

function readOpen(message: Record<string, unknown>): Open {
  const { procxy, class: name, version, lease, callId } = message;
  const request = readRequest(message['request']);
  const isSound =
    typeof procxy === 'string' &&
    typeof name === 'string' &&
    (version === undefined || typeof version === 'string') &&
    typeof lease === 'number' &&
    Number.isSafeInteger(callId);
  if (!isSound || !request) throw new ProtocolError('A client requested an instance in a form that is not known here.');
  return { type: 'open', procxy, class: name, version, lease, callId: callId as number, request };
}
