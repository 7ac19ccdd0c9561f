import { beforeEach, describe, expect, test, vi } from 'vitest';
import { DataDecoder } from '../../src/channel/data-decoder.js';
import { messageFormat } from '../../src/channel/frames.js';
import { collectGarbage } from '../fixtures/collect-garbage.js';
import { memoryInUse } from '../hardening/escapes.js';
import { modes } from '../support/streams.js';
import { joinPieces } from '../support/pieces.js';

describe.each(modes)('the frames of a data socket, in %s mode', (mode) => {
  let log: unknown[];
  let violations: unknown[];
  let decoder: DataDecoder;
  beforeEach(() => {
    log = [];
    violations = [];
    decoder = new DataDecoder({
      format: messageFormat(mode),
      onPiece: (piece) => log.push(piece),
      onMessage: (message) => log.push(message),
      onViolation: (error) => violations.push(error),
      onEnd: () => {},
    });
  });

  function frame(id: number, body: Buffer): Buffer {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(id, 0);
    header.writeUInt32LE(body.length, 4);
    return Buffer.concat([header, body]);
  }

  /** Pushes bytes from memory that is reused at once. */
  function push(bytes: Buffer): void {
    const memory = Buffer.from(bytes);
    decoder.push(memory);
    memory.fill('#');
  }

  const whole = (): unknown[] => joinPieces(log);

  test('frames that are cut at any byte are assembled', () => {
    const message = { type: 'stream-end', text: 'grün' };
    const bytes = Buffer.concat([
      frame(7, Buffer.from('first')),
      frame(0, messageFormat(mode).encode(message)),
      frame(2_147_483_647, Buffer.alloc(0)),
      frame(7, Buffer.from('x')),
    ]);
    const expected = [[7, 'first'], message, [2_147_483_647, ''], [7, 'x']];
    for (let cut = 0; cut <= bytes.length; cut++) {
      log = [];
      push(bytes.subarray(0, cut));
      push(bytes.subarray(cut));
      expect(whole()).toEqual(expected);
    }
    log = [];
    for (const byte of bytes) push(Buffer.from([byte]));
    expect(whole()).toEqual(expected);
    expect(violations).toEqual([]);
  });

  test('a message that arrives byte by byte takes at most twice the memory of its bytes', () => {
    const bytes = Buffer.alloc(200_000);
    const header = Buffer.from([0, 0, 0, 0, 0, 0, 4, 0]);
    collectGarbage();
    const before = memoryInUse();
    decoder.push(header);
    for (let at = 0; at < bytes.length; at++) decoder.push(bytes.subarray(at, at + 1));
    collectGarbage();
    expect(memoryInUse() - before).toBeLessThan(5_000_000);
    expect(violations).toEqual([]);
  });

  describe('large bytes of a value', () => {
    const LARGE = 2 ** 31;
    let announced: Set<number>;
    let arrived: [number, string][];
    const beginLarge = (): void => {
      announced = new Set([1, 2]);
      arrived = [];
      decoder = new DataDecoder({
        format: messageFormat(mode),
        onPiece: (piece) => log.push(piece),
        onMessage: (message) => log.push(message),
        onViolation: (error) => violations.push(error),
        onEnd: () => {},
        large: {
          expects: (id) => announced.has(id),
          receive: (id, bytes) => arrived.push([id, bytes.toString()]),
          end: () => {},
        },
      });
    };
    beforeEach(beginLarge);

    /** Reads bytes as a socket does: into the room that there is, or into memory that is reused. */
    function read(bytes: Buffer): void {
      for (let rest = bytes; rest.length > 0 && !decoder.isBlocked;) {
        const room = decoder.room();
        if (!room) return push(rest);
        const length = rest.copy(room);
        decoder.filled(length);
        rest = rest.subarray(length);
      }
    }

    test('arrive whole, wherever they are cut, and among streams', () => {
      const bytes = Buffer.concat([
        frame(LARGE + 1, Buffer.from('the first')),
        frame(7, Buffer.from('a stream')),
        frame(LARGE + 2, Buffer.from('second')),
      ]);
      for (let cut = 0; cut <= bytes.length; cut++) {
        arrived = [];
        log = [];
        read(bytes.subarray(0, cut));
        read(bytes.subarray(cut));
        expect(arrived).toEqual([
          [1, 'the first'],
          [2, 'second'],
        ]);
        expect(whole()).toEqual([[7, 'a stream']]);
      }
      expect(violations).toEqual([]);
    });

    test('are not read before they are announced, nor is anything after them', () => {
      const bytes = Buffer.concat([frame(LARGE + 3, Buffer.from('later')), frame(7, Buffer.from('x'))]);
      read(bytes.subarray(0, -3));
      expect(decoder.isBlocked).toBe(true);
      announced.add(3);
      decoder.unblock();
      expect(decoder.isBlocked).toBe(false);
      read(bytes.subarray(-3));
      expect(arrived).toEqual([[3, 'later']]);
      expect(whole()).toEqual([[7, 'x']]);
    });

    test('that are announced after others wait until then, in whatever chunks they arrive', () => {
      const bytes = Buffer.concat([
        frame(LARGE + 3, Buffer.from('third')),
        frame(7, Buffer.from('x')),
        frame(LARGE + 4, Buffer.from('fourth')),
        frame(7, Buffer.from('y')),
      ]);
      for (const byte of bytes) push(Buffer.from([byte]));
      announced.add(4);
      decoder.unblock();
      expect([decoder.isBlocked, arrived, whole()]).toEqual([true, [], []]);
      announced.delete(4);
      announced.add(3);
      decoder.unblock();
      expect([decoder.isBlocked, arrived, whole()]).toEqual([true, [[3, 'third']], [[7, 'x']]]);
      announced.add(4);
      decoder.unblock();
      expect([decoder.isBlocked, arrived.length, whole().length]).toEqual([false, 2, 2]);
      expect(violations).toEqual([]);
    });

    /** Counts the bytes that are copied meanwhile, by whichever method of buffers. */
    function bytesCopiedBy(action: () => void): number {
      const set = vi.spyOn(Object.getPrototypeOf(Uint8Array.prototype) as Uint8Array, 'set');
      const copy = vi.spyOn(Buffer.prototype, 'copy');
      const concat = vi.spyOn(Buffer, 'concat');
      const from = vi.spyOn(Buffer, 'from');
      try {
        action();
        const lengths = [
          ...set.mock.calls.map(([bytes]) => bytes.length),
          ...copy.mock.results.map(({ value }) => Number(value)),
          ...[concat, from].flatMap(({ mock }) => mock.results.map(({ value }) => (value as Buffer).length)),
        ];
        return lengths.reduce((sum, length) => sum + length, 0);
      } finally {
        vi.restoreAllMocks();
      }
    }

    test.each([1, 524_288])('that wait are not read again for each chunk behind them, if %d wait', (held) => {
      push(frame(LARGE + 3, Buffer.alloc(1_000_000)).subarray(0, 8 + held));
      const byte = Buffer.alloc(1);
      const copied = bytesCopiedBy(() => {
        for (let count = 0; count < 2000; count++) decoder.push(byte);
      });
      // Memory that doubles whenever it is full copies each byte about twice. Reading again for each chunk copies all of them 2000 times.
      expect(copied).toBeGreaterThanOrEqual(2000);
      expect(copied).toBeLessThan(4 * (held + 2000));
      expect(violations).toEqual([]);
    });

    test('that will never be announced are dropped with everything after them, without a violation', () => {
      const bytes = Buffer.concat([frame(LARGE + 3, Buffer.from('never')), frame(7, Buffer.from('x'))]);
      read(bytes);
      decoder.stopWaiting();
      expect(decoder.isBlocked).toBe(false);
      read(bytes);
      expect([arrived, log, violations]).toEqual([[], [], []]);
    });

    test('that were announced still arrive when no more will be announced', () => {
      decoder.stopWaiting();
      read(Buffer.concat([frame(LARGE + 1, Buffer.from('first')), frame(LARGE + 3, Buffer.from('never'))]));
      expect(decoder.isBlocked).toBe(false);
      expect(arrived).toEqual([[1, 'first']]);
      expect(violations).toEqual([]);
    });

    test('take no memory for a claimed length before bytes arrive', () => {
      collectGarbage();
      const before = process.memoryUsage().arrayBuffers;
      const header = Buffer.alloc(8);
      header.writeUInt32LE(LARGE + 1, 0);
      header.writeUInt32LE(2 ** 31 - 1, 4);
      push(header);
      expect(decoder.room()).toBeUndefined();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000);
    });

    test('that are empty are a violation', () => {
      push(frame(LARGE + 1, Buffer.alloc(0)));
      expect(violations).toHaveLength(1);
    });
  });
});
