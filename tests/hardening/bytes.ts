import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import * as fc from 'fast-check';
import { jsonLines, v8Frames, type StreamFormat } from '../../src/channel/dialect.js';
import { MAX_MESSAGE, v8Frame } from '../../src/channel/frames.js';
import { addMessageApi } from '../../src/channel/message-api.js';
import { nodeIpcChannel, type IpcPort } from '../../src/channel/node-ipc.js';
import { ProtocolError } from '../../src/errors.js';
import type { LoneRow } from '../../src/protocol.js';
import { isLoneRow, readLoneRow, readRows } from '../../src/session/wire/rows.js';
import type { SerializationMode } from '../../src/types/serializable.js';
import { openDescriptors, until } from '../support/processes.js';
import { SocketPairs } from '../support/socket-pair.js';
import { applyDamage, damage, type Damage } from './damage.js';
import { fingerprint, memoryInUse, noteEscapes, turn } from './escapes.js';
import { anyMessage } from './messages.js';
import { Victim } from './victim.js';

/** Bytes that the heap and buffers may take for an attack besides what it has sent, which is a few MB at most. V8 can be made to take more. */
const MEMORY = { json: 200_000_000, advanced: 500_000_000 };

const dialects: Record<SerializationMode, StreamFormat> = { json: jsonLines, advanced: v8Frames };

interface Attack {
  messages: unknown[];
  damages: Damage[];
  /** Where the bytes are cut into what is written at once, as parts of their length. */
  cuts: number[];
  isByteByByte: boolean;
  maxMessageBytes: number;
  /** What the session that is attacked sends itself. */
  kind: number;
}

const place = fc.double({ min: 0, max: 1, noNaN: true });
const attackOf = fc.record<Attack>({
  messages: fc.array(anyMessage('parent'), { minLength: 1, maxLength: 8 }),
  damages: fc.array(damage, { maxLength: 2 }),
  cuts: fc.array(place, { maxLength: 6 }),
  isByteByByte: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  maxMessageBytes: fc.constantFrom(MAX_MESSAGE, MAX_MESSAGE, 4096),
  kind: fc.nat(1000),
});

export interface BytesReport {
  attacks: number;
  bytes: number;
  /** How many sessions answered a call after it. */
  alive: number;
  /** Why the others ended, with how often each was seen. */
  reasons: Map<string, number>;
  /** The most that the heap and buffers have grown by in one attack, in bytes. */
  memory: number;
}

/**
 * Writes what is no message, and damaged messages, on real sockets into the parent's end of the channel, with a session behind it.
 * @throws with the smallest attack that was found, when a session neither goes on nor ends for a reason, anything is thrown,
 *   stays open or is changed for everybody, or more memory is taken than has arrived
 */
export async function fuzzBytes(mode: SerializationMode, attacks: number, seed?: number): Promise<BytesReport> {
  const report: BytesReport = { attacks: 0, bytes: 0, alive: 0, reasons: new Map(), memory: 0 };
  const pairs = new SocketPairs();
  const escapes = noteEscapes();
  const pristine = fingerprint();
  await pairs.next().then(({ near, far }) => [near.destroy(), far.destroy()]);
  await turn();
  const descriptors = openDescriptors();
  const property = fc.asyncProperty(attackOf, async (each) => {
    const { near, far } = await pairs.next();
    const target = new Target(mode, near, far, each);
    const bytes = target.bytesOf(each);
    report.attacks++;
    report.bytes += bytes.length;
    const before = memoryInUse();
    try {
      await target.take(pieces(bytes, each));
      const growth = memoryInUse() - before;
      report.memory = Math.max(report.memory, growth);
      if (growth > MEMORY[mode]) throw new Error(`${growth} bytes of memory were taken for ${bytes.length}`);
      if (await target.isAlive()) report.alive++;
      else count(report.reasons, target.reason());
    } finally {
      await target.end();
    }
    escapes.check();
    if (fingerprint() !== pristine) throw new Error('a global was changed');
  });
  try {
    await fc.assert(property, { numRuns: attacks, ...(seed !== undefined && { seed }) });
    await until(() => openDescriptors() <= descriptors, 'all descriptors are closed');
  } finally {
    escapes.stop();
    pairs.close();
  }
  return report;
}

function pieces(bytes: Buffer, { cuts, isByteByByte }: Attack): Buffer[] {
  const offsets = isByteByByte
    ? Array.from({ length: Math.min(bytes.length, 300) }, (_, offset) => offset)
    : cuts.map((cut) => Math.floor(cut * bytes.length)).toSorted((one, other) => one - other);
  return [0, ...offsets]
    .map((offset, index) => bytes.subarray(offset, offsets[index]))
    .filter(({ length }) => length > 0);
}

/** The parent's end of a channel, and the session behind it; the other end is the attacker's, who can also behave. */
class Target {
  readonly #mode: SerializationMode;
  readonly #victim: Victim;
  readonly #emitter = new EventEmitter();
  readonly #far: Socket;
  #written = 0;
  /** How many bytes have reached the decoder. */
  #read = 0;
  #isClosed = false;

  constructor(mode: SerializationMode, near: Socket, far: Socket, { maxMessageBytes, kind }: Attack) {
    this.#mode = mode;
    this.#far = far;
    const dialect = dialects[mode];
    addMessageApi(this.#emitter, near, {
      dialect: counting(dialect, (length) => (this.#read += length)),
      maxMessageBytes,
      onError: (error) => this.#victim.violate(error),
    });
    this.#emitter.once('disconnect', () => (this.#isClosed = true));
    const answers = dialect.createDecoder({
      maxMessageBytes: MAX_MESSAGE,
      onMessage: (message) => this.#answer(dialect, message),
      onError: (error) => {
        throw error;
      },
    });
    far.on('data', (chunk: Buffer) => answers.push(chunk));
    this.#victim = new Victim(mode, 'parent', kind, nodeIpcChannel(this.#emitter as EventEmitter & IpcPort));
  }

  bytesOf({ messages, damages }: Attack): Buffer {
    const parts = messages.map((message) => {
      const text = this.#victim.textOf(message);
      return this.#mode === 'json' ? Buffer.from(`${text}\n`) : v8Frame(this.#victim.restore(text));
    });
    for (const each of damages) applyDamage(this.#mode, parts, each);
    return Buffer.concat(parts);
  }

  /** Returns when all has been read, or nothing is read any more. */
  async take(chunks: readonly Buffer[]): Promise<void> {
    for (const chunk of chunks) {
      if (this.#hasEnded()) return;
      this.#write(chunk);
      await turn();
    }
    await this.#settle();
  }

  /** Whether a call is answered; else it closes the channel, and the reason for that is known. */
  async isAlive(): Promise<boolean> {
    if (this.#hasEnded()) return false;
    const answered = this.#victim.echo(7).then(
      (value) => value === 7,
      () => false,
    );
    const isAnswered = await Promise.race([answered, this.#quiet()]);
    if (isAnswered || this.#hasEnded()) return isAnswered;
    // It waits for the rest of a message, which nobody will write.
    this.#far.end();
    await soon(() => this.#isClosed);
    // Unless this machine is so slow that the answer came only now.
    return Promise.race([answered, turn().then(() => false)]);
  }

  /** Why it has ended. */
  reason(): string {
    const { violation } = this.#victim;
    // V8 reads a value and leaves what follows it: a frame that says to be longer than it is swallows what comes next.
    if (!violation && this.#mode === 'advanced') return 'The answer was taken for the rest of a frame';
    if (!(violation instanceof ProtocolError))
      throw new Error('a session has ended without a reason', { cause: violation });
    if (violation.message.length < 10) throw new Error(`no reason: ${violation.message}`);
    return violation.message;
  }

  async end(): Promise<void> {
    this.#far.destroy();
    await this.#victim.end();
    await turn();
  }

  /** Whatever is to come has come then. */
  async #quiet(): Promise<false> {
    for (let turns = 0; turns < 8; turns++) await this.#settle();
    return false;
  }

  #hasEnded(): boolean {
    return this.#isClosed || this.#victim.violation !== undefined;
  }

  #write(bytes: string | Buffer): void {
    this.#written += Buffer.byteLength(bytes);
    this.#far.write(bytes);
  }

  async #settle(): Promise<void> {
    await soon(() => this.#hasEnded() || this.#read === this.#written);
    await turn();
    await turn();
  }

  /** As an honest child does. */
  #answer(dialect: StreamFormat, message: unknown): void {
    const { type, rows } = message as { type: string; rows: unknown[] };
    const answer = (each: unknown): void => this.#answerOne(dialect, each);
    const reader = { message: answer, row: answer };
    if (isLoneRow(message as object)) readLoneRow(message as LoneRow, reader);
    else if (type === 'batch') readRows(rows, reader);
    else answer(message);
  }

  #answerOne(dialect: StreamFormat, message: unknown): void {
    const { type, method, callId, args } = message as { type: string; method: string; callId: number; args: unknown[] };
    if (type !== 'call-invoke' || method !== 'echo') return;
    this.#write(dialect.encode({ type: 'call-result', callId, result: 'success', value: args[0] }));
  }
}

/** Tells how many bytes are read. */
function counting(format: StreamFormat, onRead: (length: number) => void): StreamFormat {
  return {
    ...format,
    createDecoder(options) {
      const decoder = format.createDecoder(options);
      return {
        push(bytes) {
          onRead(bytes.length);
          decoder.push(bytes);
        },
        room: () => decoder.room?.(),
        filled(length) {
          onRead(length);
          decoder.filled?.(length);
        },
        end: () => decoder.end(),
      };
    },
  };
}

/** Looks at every turn: sockets of one process take a few. */
async function soon(condition: () => boolean): Promise<void> {
  for (let turns = 0; turns < 100_000; turns++) {
    if (condition()) return;
    await turn();
  }
  throw new Error('a socket is stuck');
}

function count(reasons: Map<string, number>, reason: string): void {
  const kind = reason.replace(/[0-9a-f]{8}-\S+|\d+|'.*/gs, '…').slice(0, 60);
  reasons.set(kind, (reasons.get(kind) ?? 0) + 1);
}
