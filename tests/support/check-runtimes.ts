/**
 * Runs the suites of the class proxy with children in other runtimes, on a socket, on a host, or with instances in this process:
 * `npm run build`, then `tsx tests/support/check-runtimes.ts bun deno socket host in-process`. Tests that a target cannot pass are
 * excluded by name.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './packed.js';
import { runtimeBinary } from './runtimes.js';
import { coreOnHost, onHost, onHostCannot } from './suites-on-host.js';

const everywhere = [
  'every-call-settles',
  'at-most-once',
  'in-order',
  'nothing-changed-silently',
  'errors-keep-identity',
  'function',
  'properties-mirror',
  'events',
  'calls',
  'callback',
  'iteration',
  'streams',
  'batches',
];

/** Suites that must also pass in this process. Suites about processes, and about messages on `$process`, are missing. */
const inThisProcess = [
  'calls',
  'in-order',
  'nothing-changed-silently',
  'values-kept-whole',
  'serialization-table',
  'round-trips',
  'advanced',
  'errors-keep-identity',
  'properties-mirror',
  'proxy-object',
  'events',
  'functions',
  'function-',
  'callback-lifetimes.test',
  'callback-limits',
  'batches',
  'iterat',
  'cancellation',
  'stream',
  'web-streams',
  'bytes-in-streams',
  'passed-writables',
  'large-chunks',
  'sync.test',
];

interface Target {
  /** Prepares what instances need, and returns the options for them. `undefined`: what they need is not installed here. */
  options: () => Promise<object | undefined>;
  /** Called when the suites have run. */
  stop?: () => Promise<void>;
  suites: readonly string[];
  /** Names of tests, or parts of names, and the reasons why they are excluded. */
  without: Readonly<Record<string, string>>;
}

const inOtherRuntimes = {
  advanced: 'only Node reads the format',
  'in another mode': 'the same',
  'runs out of memory': 'the flag is one of Node',
};
/** An instance in this process has no process of its own. */
const inProcessCannot = {
  'runs in the child': 'it compares process ids',
  'through two children': 'the same',
  'keeps what accessors give': 'the same',
  'that this Node lacks': 'it needs another Node',
  'after a crash': 'it ends the child',
  'though the child': 'the same',
  'the child (dies|is killed)': 'the same',
  'a child that is killed': 'the same',
  'death of a child': 'the same',
  'still times out and ends': 'it stops the child by a signal',
  'while the computation that follows': 'one event loop cannot compute and deliver at a time',
  'the child abandons': 'it needs a flag for the child',
  'a child that (asks|sends)': 'the child breaks the protocol by itself',
  'only one process knows': 'both sides have the same registered classes',
  'symbols: registered': 'no module is imported, so that its symbols are not known',
  'cross only while': 'it counts messages on $process',
  'several listeners share': 'the same',
  'travel only when': 'the same',
  'data that names a real function': 'it reads an id from a message on $process',
  'keeps no proxy that is over': 'it holds $process',
  'owner is awaited': 'sync() cannot wait for a promise there',
  'falsy values are results': 'the same',
  'errors are thrown through': 'the same',
};
let stopNats: (() => Promise<void>) | undefined;

/** Says loudly that it is missing, or fails in CI. */
async function onNats(): Promise<{ nats: string } | undefined> {
  const { hasNats, startNats } = await import('./nats.js');
  if (!hasNats) return undefined;
  const server = await startNats();
  stopNats = () => server.kill();
  return { nats: server.url };
}

const host: Omit<Target, 'suites'> = { options: onNats, stop: async () => stopNats?.(), without: onHostCannot };

const targets: Record<string, Target> = {
  bun: {
    options: async () => ({ execPath: await runtimeBinary('bun') }),
    suites: [...everywhere, 'sync.test'],
    without: inOtherRuntimes,
  },
  deno: {
    options: async () => ({ execPath: await runtimeBinary('deno') }),
    suites: everywhere,
    without: {
      ...inOtherRuntimes,
      'in the same turn': 'Deno writes at the end of a turn, which process.exit() and an uncaught error are before',
      SIGSEGV: 'Deno does not send it to itself',
    },
  },
  socket: {
    options: () => Promise.resolve({ channel: 'socket' }),
    suites: [...everywhere, 'ending', 'sync', 'stream', 'web-streams'],
    without: { handles: 'none crosses on a socket', sockets: 'the same', 'also after': 'the same' },
  },
  host: { ...host, suites: onHost },
  'host-core': { ...host, suites: coreOnHost },
  'in-process': {
    options: () => Promise.resolve({ inProcess: true }),
    suites: inThisProcess,
    without: inProcessCannot,
  },
};

for (const name of process.argv.slice(2)) {
  const target = targets[name];
  if (!target) throw new Error(`There is no '${name}': ${Object.keys(targets).join(', ')} are there.`);
  console.log(
    `\n${name}, without ${Object.entries(target.without)
      .map((pair) => pair.join(': '))
      .join('; ')}`,
  );
  const options = await target.options();
  if (!options) continue;
  const pattern = `^(?!.*(${Object.keys(target.without).join('|')}))`;
  const args = ['run', '-t', pattern, ...target.suites.map((suite) => `tests/integration/${suite}`)];
  const env = { ...process.env, PROCXY_ELSEWHERE: JSON.stringify(options) };
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) process.exitCode = 1;
  await target.stop?.();
}
