/**
 * Measures the channels against Node's own, in one process after the other, round by round: `npm run bench:channels`, with
 * `--quick` for fewer rounds, and `--only TEXT` for works whose names hold it. It prints medians of the rounds, and ratios to
 * Node's channel: above 1 is faster.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { procxy, type ProcxyOptions } from 'procxy';
import { spawnWithIpc } from 'procxy/ipc';
import { Echo } from './channel-worker.js';
import { median } from './statistics.js';

const ROUNDS = process.argv.includes('--quick') ? 3 : 9;
const only = process.argv[process.argv.indexOf('--only') + 1 || Infinity] ?? '';
const program = fileURLToPath(new URL('channel-echo.js', import.meta.url));

/** Sends a message there and back. */
type Call = (message: unknown) => Promise<unknown>;

interface Contestant {
  call: Call;
  end(): Promise<void> | void;
}

/** Messages come back in the order in which they were sent. */
function messagesOf(child: ChildProcess): Contestant {
  const waiting: ((message: unknown) => void)[] = [];
  let next = 0;
  child.on('message', (message) => {
    waiting[next]?.(message);
    if (++next === waiting.length) {
      waiting.length = 0;
      next = 0;
    }
  });
  return {
    call: (message) =>
      new Promise((resolve) => {
        waiting.push(resolve);
        child.send(message as object);
      }),
    end: () => void child.kill('SIGKILL'),
  };
}

async function callsOf(options: ProcxyOptions): Promise<Contestant> {
  const echo = await procxy(Echo, './channel-worker.js', options);
  return { call: echo.echo as unknown as Call, end: () => echo.$terminate() };
}

const messages = {
  'fork()': () => messagesOf(fork(program)),
  'spawnWithIpc()': () => messagesOf(spawnWithIpc(process.execPath, [program], { stdio: 'inherit' })),
};
const json = {
  'fork()': messages['fork()'],
  "procxy, 'ipc'": () => callsOf({}),
  "procxy, 'socket'": () => callsOf({ channel: 'socket' }),
};
const advanced = {
  'fork()': () => messagesOf(fork(program, [], { serialization: 'advanced' })),
  "procxy, 'ipc'": () => callsOf({ serialization: 'advanced' }),
  "procxy, 'socket'": () => callsOf({ serialization: 'advanced', channel: 'socket' }),
};

const small = { id: 1, name: 'a small message', tags: ['x', 'y'] };

/** Messages a second, `window` of them under way at a time. */
async function rate(call: Call, message: unknown, count: number, window: number): Promise<number> {
  const start = performance.now();
  for (let done = 0; done < count; done += window) {
    await Promise.all(Array.from({ length: window }, () => call(message)));
  }
  return count / ((performance.now() - start) / 1000);
}

interface Work {
  name: string;
  contestants: Record<string, () => Contestant | Promise<Contestant>>;
  run(call: Call): Promise<number>;
}

const megabyte = Buffer.alloc(1_000_000, 7);
const sixteen = Buffer.alloc(16_000_000, 7);
const works: Work[] = [
  { name: 'messages, one at a time', contestants: messages, run: (call) => rate(call, small, 5000, 1) },
  { name: 'messages, 100 at a time', contestants: messages, run: (call) => rate(call, small, 50_000, 100) },
  { name: 'messages of 1 MB', contestants: messages, run: (call) => rate(call, 'x'.repeat(1_000_000), 100, 4) },
  { name: 'calls in JSON, one at a time', contestants: json, run: (call) => rate(call, small, 5000, 1) },
  { name: 'calls in JSON, 100 at a time', contestants: json, run: (call) => rate(call, small, 50_000, 100) },
  { name: 'advanced, one at a time', contestants: advanced, run: (call) => rate(call, small, 5000, 1) },
  { name: 'advanced, 100 at a time', contestants: advanced, run: (call) => rate(call, small, 50_000, 100) },
  { name: 'Buffers of 1 MB, one at a time', contestants: advanced, run: (call) => rate(call, megabyte, 200, 1) },
  { name: 'Buffers of 16 MB, one at a time', contestants: advanced, run: (call) => rate(call, sixteen, 20, 1) },
];

for (const { name, contestants, run } of works) {
  if (!name.includes(only)) continue;
  const rates: Record<string, number[]> = {};
  const names = Object.keys(contestants);
  for (let round = 0; round < ROUNDS; round++) {
    // In another order each time.
    for (let turn = 0; turn < names.length; turn++) {
      const contestant = names[(round + turn) % names.length] as string;
      const begin = contestants[contestant] as () => Contestant | Promise<Contestant>;
      const { call, end } = await begin();
      await rate(call, small, 2000, 20);
      (rates[contestant] ??= []).push(await run(call));
      await end();
    }
  }
  console.log(name);
  for (const contestant of names) {
    const own = rates[contestant] as number[];
    const ratios = own.map((value, round) => value / (rates['fork()']?.[round] ?? NaN));
    console.log(`  ${contestant.padEnd(20)}${median(own).toFixed(0).padStart(9)} /s   ${median(ratios).toFixed(2)} ×`);
  }
}
