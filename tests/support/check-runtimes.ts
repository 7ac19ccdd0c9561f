/**
 * Runs the suites of the class proxy with children in other runtimes, or on a socket: `npm run build`, then
 * `tsx tests/support/check-runtimes.ts bun deno socket`. What a runtime cannot do is left out by name, and told.
 */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { root } from './packed.js';
import { runtimeBinary, runtimes } from './runtimes.js';

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

interface Target {
  options: () => Promise<object>;
  suites: readonly string[];
  /** Names of tests, or parts of them, and why they are left out. */
  without: Readonly<Record<string, string>>;
}

const inOtherRuntimes = {
  advanced: 'only Node reads the format',
  'in another mode': 'the same',
  'runs out of memory': 'the flag is one of Node',
};
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
};

for (const name of process.argv.slice(2)) {
  const target = targets[name];
  if (!target) throw new Error(`There is no '${name}': ${[...runtimes, 'socket'].join(', ')} are there.`);
  console.log(
    `\n${name}, without ${Object.entries(target.without)
      .map((pair) => pair.join(': '))
      .join('; ')}`,
  );
  const pattern = `^(?!.*(${Object.keys(target.without).join('|')}))`;
  const args = ['run', '-t', pattern, ...target.suites.map((suite) => `tests/integration/${suite}`)];
  const env = { ...process.env, PROCXY_ELSEWHERE: JSON.stringify(await target.options()) };
  const child = spawn(process.execPath, [join(root, 'node_modules/vitest/vitest.mjs'), ...args], {
    cwd: root,
    env,
    stdio: 'inherit',
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) process.exitCode = 1;
}
