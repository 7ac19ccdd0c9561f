import { beforeEach, describe, expect, test } from 'vitest';
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

  test('frames that are cut at any byte are put together', () => {
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

  test('a message that comes byte by byte takes no more memory than its bytes, twice', () => {
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
    beforeEach(() => {
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
    });

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

    test('are not read before they are announced, nor is what follows them', () => {
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

    test('that will never be announced are dropped with everything behind them, without a violation', () => {
      const bytes = Buffer.concat([frame(LARGE + 3, Buffer.from('never')), frame(7, Buffer.from('x'))]);
      read(bytes);
      decoder.stopWaiting();
      expect(decoder.isBlocked).toBe(false);
      read(bytes);
      expect([arrived, log, violations]).toEqual([[], [], []]);
    });

    test('those that were announced still arrive when no others will be', () => {
      decoder.stopWaiting();
      read(Buffer.concat([frame(LARGE + 1, Buffer.from('first')), frame(LARGE + 3, Buffer.from('never'))]));
      expect(decoder.isBlocked).toBe(false);
      expect(arrived).toEqual([[1, 'first']]);
      expect(violations).toEqual([]);
    });

    test('a claimed length takes no memory before bytes come', () => {
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
