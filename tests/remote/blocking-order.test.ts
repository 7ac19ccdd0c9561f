import { expect, test } from 'vitest';
import { messageFormat } from '../../src/channel/frames.js';
import { ProtocolError } from '../../src/errors.js';
import { blockingPiece, BlockingReader } from '../../src/remote/blocking-order.js';
import { FarBlocking } from '../../src/remote/far-lanes.js';

test('pieces wait for the messages before them, and take the room of the lane meanwhile', () => {
  const delivered: string[] = [];
  let used = 0;
  const reader = new BlockingReader(
    (bytes) => void delivered.push(bytes.toString()),
    (count) => (used += count),
  );
  const [first, second] = [blockingPiece(10, Buffer.from('one')), blockingPiece(30, Buffer.from('two'))];
  reader.push(Buffer.concat([first, second.subarray(0, 4)]));
  reader.push(second.subarray(4));
  expect([delivered, used]).toEqual([[], 0]);
  reader.advance(10);
  expect([delivered, used]).toEqual([['one'], first.length]);
  reader.advance(20);
  expect([delivered, used]).toEqual([['one', 'two'], first.length + second.length]);
});

test.each([0, 600_000, 2 ** 32 - 1])('a piece of %d bytes breaks the protocol', (length) => {
  const header = Buffer.alloc(10);
  header.writeUInt32LE(length, 6);
  const reader = new BlockingReader(
    () => {},
    () => {},
  );
  expect(() => reader.push(Buffer.concat([header, Buffer.alloc(1)]))).toThrow('A piece of');
});

/** Counts the elements that methods of arrays move or copy meanwhile. `vi.spyOn()` cannot: a spy uses these methods itself. */
function elementsMovedBy(action: () => void): number {
  const originals = { shift: [].shift, splice: [].splice, slice: [].slice };
  let moved = 0;
  const counting = (name: keyof typeof originals) =>
    function (this: unknown[], ...args: unknown[]): unknown {
      const before = this.length;
      const result: unknown = Reflect.apply(originals[name], this, args);
      moved += name === 'slice' ? (result as unknown[]).length : before;
      return result;
    };
  try {
    Object.assign(Array.prototype, {
      shift: counting('shift'),
      splice: counting('splice'),
      slice: counting('slice'),
    });
    action();
  } finally {
    Object.assign(Array.prototype, originals);
  }
  return moved;
}

test('10,000 pieces are passed on without moving all of them for each that leaves', () => {
  let delivered = 0;
  const reader = new BlockingReader(
    () => delivered++,
    () => {},
  );
  const piece = blockingPiece(1, Buffer.alloc(1));
  const count = 10_000;
  reader.push(Buffer.concat(Array<Buffer>(count).fill(piece)));
  expect(delivered).toBe(0);
  const moved = elementsMovedBy(() => reader.advance(1));
  expect(delivered).toBe(count);
  // Moving half of them when the other half has left adds up to `count`. Moving the rest each time adds up to its square.
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(2 * count);
});

test('pieces that become due one after the other are passed on in order', () => {
  const delivered: number[] = [];
  const reader = new BlockingReader(
    (bytes) => delivered.push(bytes[0] ?? -1),
    () => {},
  );
  const bytes = Array.from({ length: 100 }, (_none, index) => index);
  for (const each of bytes.slice(0, 50)) reader.push(blockingPiece(each + 1, Buffer.from([each])));
  for (const each of bytes) {
    reader.advance(1);
    expect(delivered).toEqual(bytes.slice(0, each + 1));
    if (each < 50) reader.push(blockingPiece(each + 51, Buffer.from([each + 50])));
  }
});

test('pieces on a lane that nobody has opened break the protocol, and pieces that come after its end do not', () => {
  const lane = new FarBlocking(
    () => true,
    () => {},
  );
  const piece = blockingPiece(0, Buffer.from([1]));
  expect(() => lane.arrive(piece)).toThrow(ProtocolError);
  const channel = lane.open(messageFormat('json'), () => {});
  channel.close();
  lane.arrive(piece);
});
