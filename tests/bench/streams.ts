/**
 * Measures streams against what lies beneath them, in one process after the other, round by round:
 * `npm run bench:streams`, with `--quick` for a tenth of the data. It prints medians of the rounds and their ratios.
 */
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { Readable, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { procxy } from 'procxy';
import { median } from './statistics.js';
import { Streamer } from './streamer.js';

const quick = process.argv.includes('--quick');
const ROUNDS = 5;
const BYTES = quick ? 100e6 : 1e9;
const ITEMS = quick ? 100_000 : 1_000_000;
const CALLS = quick ? 5_000 : 20_000;
const CHUNK = Buffer.alloc(64 * 1024, 'x');

const echo = fileURLToPath(new URL('socket-echo.js', import.meta.url));

/** Bytes a second, there and back at once, over a bare socket pair between two processes. */
async function rawEcho(): Promise<number> {
  const child = spawn(process.execPath, [echo], { stdio: ['ignore', 'inherit', 'inherit', 'pipe'] });
  const socket = child.stdio[3] as Socket;
  try {
    return await throughput(socket, socket);
  } finally {
    socket.destroy();
    child.kill('SIGKILL');
  }
}

async function procxyEcho(serialization: 'json' | 'advanced'): Promise<number> {
  const streamer = await procxy(Streamer, './streamer.js', { serialization });
  try {
    const stream = await streamer.echo();
    return await throughput(stream, stream);
  } finally {
    await streamer.$terminate();
  }
}

async function throughput(to: Writable, from: Readable): Promise<number> {
  let sent = 0;
  let received = 0;
  const source = new Readable({
    read() {
      sent += CHUNK.length;
      this.push(sent <= BYTES ? CHUNK : null);
    },
  });
  const start = performance.now();
  await Promise.all([
    pipeline(source, to, { end: false }),
    (async () => {
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        received += (chunk as Buffer).length;
        if (received + CHUNK.length > BYTES) break;
      }
    })(),
  ]);
  return received / ((performance.now() - start) / 1000);
}

/** Items a second, by a generator and by a call each. */
async function items(serialization: 'json' | 'advanced'): Promise<[generated: number, called: number]> {
  const streamer = await procxy(Streamer, './streamer.js', { serialization });
  try {
    let count = 0;
    const start = performance.now();
    for await (const item of streamer.count(ITEMS)) count += item >= 0 ? 1 : 0;
    const generated = count / ((performance.now() - start) / 1000);
    const middle = performance.now();
    for (let i = 0; i < CALLS; i++) await streamer.next();
    return [generated, CALLS / ((performance.now() - middle) / 1000)];
  } finally {
    await streamer.$terminate();
  }
}

const results: Record<string, number[]> = {};
const note = (name: string, value: number): void => void (results[name] ??= []).push(value);
for (let round = 0; round < ROUNDS; round++) {
  note('raw', await rawEcho());
  for (const mode of ['json', 'advanced'] as const) {
    note(`${mode} echo`, await procxyEcho(mode));
    const [generated, called] = await items(mode);
    note(`${mode} items`, generated);
    note(`${mode} calls`, called);
  }
}

const raw = median(results.raw ?? []);
console.log(`Node ${process.version}, ${ROUNDS} rounds, medians\n`);
console.log(`socket pair, echo     ${(raw / 1e6).toFixed(0)} MB/s`);
for (const mode of ['json', 'advanced']) {
  const ratios = (results[`${mode} echo`] ?? []).map((value, round) => value / (results.raw?.[round] ?? NaN));
  console.log(
    `${mode.padEnd(9)} stream, echo ${(median(results[`${mode} echo`] ?? []) / 1e6).toFixed(0)} MB/s, ${median(ratios).toFixed(2)} × the socket pair`,
  );
  const [generated, called] = [median(results[`${mode} items`] ?? []), median(results[`${mode} calls`] ?? [])];
  console.log(
    `${mode.padEnd(9)} generator    ${Math.round(generated)} items/s, ${(generated / called).toFixed(1)} × one call an item (${Math.round(called)}/s)`,
  );
}
