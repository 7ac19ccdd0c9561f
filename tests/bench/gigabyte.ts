/**
 * Sends a gigabyte through a child and back at once: prints how much more memory each process has at the end than after the first
 * tenth, and whether what came back is what was sent. `npm run bench:gigabyte`
 */
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { procxy } from 'procxy';
import { Streamer } from './streamer.js';

const BYTES = 2 ** 30;
const block = randomBytes(64 * 1024);

/** What a process holds of real memory, in MB. */
function residentMegabytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

for (const serialization of ['json', 'advanced'] as const) {
  const streamer = await procxy(Streamer, './streamer.js', { serialization });
  const pids = [process.pid, streamer.$process.pid ?? 0];
  const stream = await streamer.echo();
  const [sentHash, receivedHash] = [createHash('sha1'), createHash('sha1')];
  let sent = 0;
  let received = 0;
  let early: number[] = [];
  let most = [0, 0];
  const source = new Readable({
    read() {
      if (sent === BYTES) return void this.push(null);
      sent += block.length;
      sentHash.update(block);
      this.push(block);
    },
  });
  const writing = pipeline(source, stream, { end: true });
  for await (const chunk of stream) {
    receivedHash.update(chunk as Buffer);
    const before = received;
    received += (chunk as Buffer).length;
    if (Math.floor(before / (BYTES / 50)) === Math.floor(received / (BYTES / 50))) continue;
    const now = pids.map(residentMegabytes);
    if (received < BYTES / 10) early = now;
    else most = most.map((value, index) => Math.max(value, now[index] ?? 0));
  }
  await writing;
  const equal = sentHash.digest('hex') === receivedHash.digest('hex');
  const growth = most.map((value, index) => `${(value - (early[index] ?? 0)).toFixed(0)} MB`);
  console.log(
    `${serialization}: ${received} bytes came back, ${equal ? 'the same' : 'NOT THE SAME'}; growth after the first tenth: ` +
      `parent ${growth[0]}, child ${growth[1]}`,
  );
  await streamer.$terminate();
}
