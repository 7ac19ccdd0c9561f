import { createHash, randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { procxy } from 'procxy';
import { Holding } from '../fixtures/holding.js';
import { runScript } from '../support/scripts.js';
import { collectGarbage, sleep } from '../support/streams.js';

const module = '../fixtures/holding.js';

describe('a chunk of bytes that is larger than the window', () => {
  test('arrives completely, as it is read', async () => {
    await using holding = await procxy(Holding, module);
    collectGarbage();
    const before = process.memoryUsage().rss;
    const large = await holding.large();
    large.read(0);
    await sleep(200);
    expect(process.memoryUsage().rss - before).toBeLessThan(12_000_000);
    const hash = createHash('sha256');
    for await (const piece of large) hash.update(piece as Buffer);
    expect(hash.digest('hex')).toBe(await holding.hash());
  });

  test('counts as written when the other side has taken it', async () => {
    await using holding = await procxy(Holding, module);
    const slow = await holding.slow();
    const chunk = randomBytes(10_000_000);
    const done: string[] = [];
    slow.write(chunk, () => done.push('large'));
    slow.write('and more', () => done.push('small'));
    await sleep(100);
    expect(done).toEqual([]);
    await holding.release();
    await new Promise<void>((resolve) => slow.end(resolve));
    expect(done).toEqual(['large', 'small']);
    expect(await holding.got()).toBe(createHash('sha256').update(chunk).update('and more').digest('hex'));
  });

  test('keeps the program alive until it is written', async () => {
    const { stdout, code } = await runScript(`
      import { Holding } from ${JSON.stringify(new URL(module, import.meta.url).href)};
      const holding = await procxy(Holding, ${JSON.stringify(fileURLToPath(new URL(module, import.meta.url)))});
      const slow = await holding.slow();
      setTimeout(() => holding.release(), 300);
      slow.write(Buffer.alloc(10_000_000), () => console.log('written'));
    `);
    expect([stdout, code]).toEqual(['written\n', 0]);
  });
});
