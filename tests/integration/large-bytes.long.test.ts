import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { procxy } from 'procxy';
import { CarryingBytes } from '../fixtures/carrying-bytes.js';

const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

test('a gigabyte in Buffers of 16 MB, both ways at once: the bytes are the same, and memory stays flat', async () => {
  const remote = await procxy(CarryingBytes, '../fixtures/carrying-bytes.js', { serialization: 'advanced' });
  const block = randomBytes(16_000_000);
  const expected = hash(block);
  let most = 0;
  let early = 0;
  for (let sent = 0; sent < 64; sent += 2) {
    const both = (await Promise.all([remote.echo(block), remote.echo(block)])) as unknown as Buffer[];
    for (const each of both) expect(hash(each)).toBe(expected);
    const { rss } = process.memoryUsage();
    if (sent < 12) early = Math.max(early, rss);
    else most = Math.max(most, rss);
  }
  expect(most - early).toBeLessThan(150_000_000);
  await remote.$terminate();
});
