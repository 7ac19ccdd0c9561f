import { Lane, LANES, type LaneId } from '../../../src/remote/link/frame.js';
import { Link } from '../../../src/remote/link/link.js';
import type { LinkEnd, LinkOptions } from '../../../src/remote/link/link-options.js';
import type { Faults, Wire, World } from './world.js';

/** The link, as an end of a conversation uses it. `bare` replaces it to show what the network alone does. */
interface Lanes {
  write(lane: LaneId, bytes: Buffer): boolean;
  consume(lane: LaneId, count: number): void;
  receive(frame: Buffer): void;
  resume(): void;
  readonly kept: number;
  readonly isOpen: boolean;
}

export type EndOptions = Pick<LinkOptions, 'lease' | 'absence' | 'idle' | 'fence' | 'window' | 'maxBacklog'>;

/** One end of a conversation: what it writes and reads on each lane, and how much is with it at most. */
export class End {
  readonly written: Buffer[][] = LANES.map(() => []);
  readonly read: Buffer[][] = LANES.map(() => []);
  readonly full = new Set<LaneId>();
  lanes!: Lanes;
  /** The same, unless it is bare. */
  link!: Link;
  wire!: Wire;
  ended: LinkEnd | undefined;
  /** The most bytes that the link kept, and that waited for the reader of a lane. */
  mostKept = 0;
  mostUnread = 0;
  /** Whether the reader reads. */
  reads = true;
  /** ms until the reader has used what it got. */
  pace: () => number = () => 0;
  readonly #unread = LANES.map(() => 0);
  readonly #waiting: (() => void)[] = [];

  constructor(readonly world: World) {}

  write(lane: LaneId, bytes: Buffer): void {
    this.written[lane]?.push(Buffer.from(bytes));
    if (!this.lanes.write(lane, bytes)) this.full.add(lane);
    this.mostKept = Math.max(this.mostKept, this.lanes.kept);
  }

  onData(lane: LaneId, bytes: Buffer): void {
    this.read[lane]?.push(bytes);
    this.#unread[lane] = (this.#unread[lane] ?? 0) + bytes.length;
    this.mostUnread = Math.max(this.mostUnread, this.#unread[lane] ?? 0);
    const use = (): void => {
      this.#unread[lane] = (this.#unread[lane] ?? 0) - bytes.length;
      this.lanes.consume(lane, bytes.length);
    };
    if (!this.reads) this.#waiting.push(use);
    else this.world.after(this.pace(), use);
  }

  /** The reader goes on. */
  readOn(): void {
    this.reads = true;
    for (const use of this.#waiting.splice(0)) use();
  }
}

const lengthOf = (parts: readonly Buffer[] = []): number => parts.reduce((sum, { length }) => sum + length, 0);

/** Whether as many bytes were read as were written. Quick, to be asked after each event. */
export const isComplete = (from: End, to: End): boolean =>
  LANES.every((lane) => lengthOf(from.written[lane]) === lengthOf(to.read[lane]));

/** Whether everything that `from` has written is what `to` has read, on each lane. */
export const hasArrived = (from: End, to: End): boolean =>
  LANES.every((lane) => Buffer.concat(from.written[lane] ?? []).equals(Buffer.concat(to.read[lane] ?? [])));

/** Connects two ends by a faulty network, with links or without. */
export function connectEnds(
  world: World,
  { faults, maxPayload = 512, bare = false, a, b }: Setup,
): { a: End; b: End; wires: Wire[] } {
  const [left, right] = [new End(world), new End(world)];
  const toRight = world.wire(faults, maxPayload, (frame) => right.lanes.receive(frame));
  const toLeft = world.wire(faults, maxPayload, (frame) => left.lanes.receive(frame));
  left.wire = toRight;
  right.wire = toLeft;
  // As after an offer: the left end has heard of the right one.
  left.lanes = bare ? bareLanes(left, toRight) : linkOf(left, toRight, { ...a, echo: world.time * 1000 });
  right.lanes = bare ? bareLanes(right, toLeft) : linkOf(right, toLeft, b);
  return { a: left, b: right, wires: [toRight, toLeft] };
}

interface Setup {
  faults: Faults;
  maxPayload?: number;
  bare?: boolean;
  a: EndOptions;
  b: EndOptions;
}

function linkOf(end: End, transport: Wire, options: EndOptions & { echo?: number }): Link {
  end.link = new Link({
    ...options,
    transport,
    clock: end.world.clock(),
    events: {
      onData: (lane, bytes) => end.onData(lane, bytes),
      onRoom: (lane) => void end.full.delete(lane),
      onEnd: (how) => (end.ended = how),
    },
  });
  return end.link;
}

/** The network without a link: one byte names the lane. */
function bareLanes(end: End, wire: Wire): Lanes {
  return {
    write(lane, bytes) {
      for (let at = 0; at < bytes.length; at += wire.maxPayload - 1) {
        wire.send(Buffer.concat([Buffer.from([lane]), bytes.subarray(at, at + wire.maxPayload - 1)]));
      }
      return true;
    },
    consume() {},
    receive: (frame) => end.onData((frame[0] ?? Lane.CONTROL) as LaneId, frame.subarray(1)),
    resume() {},
    kept: 0,
    isOpen: true,
  };
}
