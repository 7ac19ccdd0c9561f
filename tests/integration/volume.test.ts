import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, test } from 'vitest';
import { pieces } from '../fixtures/streaming.js';
import { streaming } from '../support/remote-streaming.js';
import { modes } from '../support/streams.js';

const SIZE = 64 * 1024 * 1024;
const PIECE = 65_536;

/** What the bytes hash to that both sides make. */
const expected = ((): string => {
  const hash = createHash('sha256');
  for (const piece of pieces(SIZE, PIECE)) hash.update(piece);
  return hash.digest('hex');
})();

describe.each(modes)('in %s mode', (serialization) => {
  test.each(['ipc', 'socket'] as const)('64 MB cross both ways at once beside the channel %s', async (channel) => {
    await using proxy = await streaming({ serialization, channel, timeout: 0 });
    const hash = createHash('sha256');
    const there = proxy.hash(Readable.from(pieces(SIZE, PIECE), { objectMode: false }));
    await pipeline(await proxy.bytes(SIZE), hash);
    expect(hash.digest('hex')).toBe(expected);
    expect(await there).toBe(expected);
  });
});
