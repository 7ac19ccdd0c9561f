import type { LargeReceiver } from '../channel/data-decoder.js';
import type { LargeBytesLane } from '../channel/data-socket.js';
import { clearTimeout, setTimeout } from '../clock.js';
import { MAX_MESSAGE } from '../channel/frames.js';
import { LARGE_BYTES, largeBytesId, largeBytesNumber, type LargeBytesExchange } from '../codec/large-bytes-codec.js';
import { ProtocolError } from '../errors.js';
import type { Coded } from '../protocol.js';
import type { Handlers, SessionApi, SessionPart } from './part.js';
import type { Arriving } from './wire/held-messages.js';

/** How long the other side may stay connected after it has closed the socket on which a message still waits for bytes, in ms. */
const GRACE = 1000;

interface Outgoing {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/**
 * Sends large bytes of values beside their messages, and lets messages wait for theirs:
 *
 *     sender      export()            takeExported()       afterWrite()
 *                 exported      ->    outgoing      ->      on the data socket, behind the message on the channel
 *     receiver    awaits()            receive()             import()             account()
 *                 expected      ->    arrived         ->    in a value      ->   forgotten
 *
 * The ids of each side ascend. Bytes are read only when they are expected, so that a claimed length takes no memory.
 */
export class LargeBytes implements LargeBytesExchange, LargeReceiver, SessionPart {
  readonly handlers: Handlers = {};
  readonly #lane: () => LargeBytesLane | undefined;
  #link!: SessionApi;
  #opened: LargeBytesLane | undefined;
  /** The bytes of the value that is being encoded. The encoding may fail. */
  readonly #exported: Outgoing[] = [];
  /** The bytes of a message that is encoded but not sent yet. */
  #outgoing: Outgoing[] = [];
  /** The messages that wait for bytes, by the ids of these. */
  readonly #expected = new Map<number, { missing: number }>();
  readonly #arrived = new Map<number, Buffer>();
  /** How many bytes have arrived and are not in a value yet. */
  #waiting = 0;
  #lastId = 0;
  #lastExpected = 0;
  /** Whether nothing more can arrive. */
  #isLost = false;
  /** Larger than 0 while messages do not use the channel. */
  #absences = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param lane opens the lane when it is first needed. Returns `undefined` if there is none */
  constructor(lane: () => LargeBytesLane | undefined) {
    this.#lane = lane;
  }

  attach(link: SessionApi): void {
    this.#link = link;
  }

  /** Opens the lane. If that fails, the value is refused, and no message was sent. */
  takes(length: number): boolean {
    if (this.#absences > 0 || this.#isLost || !this.#open()?.isWritable) return false;
    const total = this.#exported.reduce((sum, { bytes }) => sum + bytes.byteLength, length);
    return total <= MAX_MESSAGE;
  }

  leaveChannel(): void {
    this.#absences++;
  }

  returnToChannel(): void {
    this.#absences--;
  }

  export(bytes: Uint8Array): number {
    const id = ++this.#lastId;
    this.#exported.push({ id, bytes });
    return id;
  }

  takeExported(): string[] {
    const taken = this.#exported.splice(0);
    this.#outgoing.push(...taken);
    return taken.map(({ id }) => largeBytesId(id));
  }

  discard(): void {
    this.#exported.length = 0;
  }

  takeBack(coded: Coded): void {
    const ids = numbersIn(coded);
    if (ids.length > 0) this.#outgoing = this.#outgoing.filter(({ id }) => !ids.includes(id));
  }

  afterWrite(): void {
    for (const { id, bytes } of this.#outgoing.splice(0)) this.#opened?.sendLarge(id, bytes);
  }

  /** @throws {ProtocolError} if an id does not follow those before it */
  awaits(coded: Coded): Arriving | undefined {
    const ids = numbersIn(coded);
    if (ids.length === 0) return undefined;
    const message = { missing: ids.length };
    for (const id of ids) {
      if (id <= this.#lastExpected) throw new ProtocolError(`Large bytes were announced as ${id}, which is in use.`);
      this.#lastExpected = id;
      this.#expected.set(id, message);
    }
    const lane = this.#open();
    if (!lane) throw new ProtocolError('Large bytes were announced, but there is no socket for them.');
    lane.announced();
    if (this.#isLost) this.#expectEnd();
    return () => (message.missing === 0 ? 'complete' : this.#isLost ? 'lost' : 'waiting');
  }

  account(coded: Coded): void {
    for (const id of numbersIn(coded)) {
      this.#waiting -= this.#arrived.get(id)?.byteLength ?? 0;
      this.#arrived.delete(id);
    }
  }

  /** @throws {ProtocolError} if no message waits for them, or they are larger than all bytes of a message may be */
  expects(id: number, length: number): boolean {
    if (length < LARGE_BYTES)
      throw new ProtocolError(`Large bytes of ${length} bytes arrived, but the least is ${LARGE_BYTES}.`);
    if (id <= this.#lastExpected && !this.#expected.has(id))
      throw new ProtocolError(`The large bytes ${id} arrived, but no message waits for them.`);
    if (!this.#expected.has(id)) return false;
    const total = this.#waiting + length;
    if (total > MAX_MESSAGE)
      throw new ProtocolError(`Large bytes of ${total} bytes arrived for a message, but the limit is ${MAX_MESSAGE}.`);
    return true;
  }

  receive(id: number, bytes: Buffer): void {
    const message = this.#expected.get(id);
    this.#expected.delete(id);
    this.#arrived.set(id, bytes);
    this.#waiting += bytes.byteLength;
    if (message && --message.missing === 0) this.#link.inbox.goOn();
  }

  end(): void {
    this.#isLost = true;
    if (this.#expected.size === 0) return;
    this.#expectEnd();
    this.#link.inbox.goOn();
  }

  import(id: number): Buffer {
    const bytes = this.#arrived.get(id);
    if (!bytes) throw new ProtocolError(`The large bytes ${id} are not those of their message.`);
    return bytes;
  }

  close(): void {
    this.#opened?.stopWaiting();
    clearTimeout(this.#timer);
    this.#exported.length = this.#outgoing.length = 0;
    this.#arrived.clear();
    this.#expected.clear();
  }

  /** A side that has died closes the channel too. One that lives on breaks the protocol. */
  #expectEnd(): void {
    this.#timer ??= setTimeout(
      () =>
        this.#link.inbox.violate(new ProtocolError('The socket for bytes was closed, but a message waits for them.')),
      GRACE,
    );
    this.#timer.unref();
  }

  #open(): LargeBytesLane | undefined {
    return (this.#opened ??= this.#lane());
  }
}

function numbersIn(coded: Coded): number[] {
  return coded === true ? [] : coded.map(largeBytesNumber).filter((id) => id !== undefined);
}
