/**
 * `npm run bench:keys`: what an instance by key costs in memory, alone in its child and among others, on Linux. With `--keys N`, so
 * many of them live at the same time, with `--per-child N` in one child.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { procxyKeyed } from '../../dist/index.js';
import { Cart } from '../fixtures/cart.js';

const text = (value: string): { type: 'string'; default: string } => ({ type: 'string', default: value });
const { values } = parseArgs({ options: { keys: text('10000'), 'per-child': text('50') } });
const keys = Number(values.keys);
const perChild = Number(values['per-child']);

/** Bytes of a process that no other process shares. */
function privateBytes(pid: number): number {
  const lines = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8').split('\n');
  const private_ = lines.filter((line) => line.startsWith('Private_'));
  return private_.reduce((sum, line) => sum + 1024 * Number(/\d+/.exec(line)?.[0]), 0);
}

const mb = (bytes: number): string => (bytes / 1e6).toFixed(2);

const before = process.memoryUsage().heapUsed;
const carts = procxyKeyed(Cart, '../fixtures/cart.js', {
  maxInstances: keys,
  perChild,
  maxQueue: keys,
  timeout: 0,
  execArgv: [],
});
const begun = performance.now();
await Promise.all(Array.from({ length: keys }, (_, n) => carts.get(`key ${n}`).add('item')));
const seconds = (performance.now() - begun) / 1000;
const { instances } = await carts.$stats();
const pids = [...new Set(instances.map(({ pid }) => pid as number))];
const total = pids.reduce((sum, pid) => sum + privateBytes(pid), 0);
globalThis.gc?.();
const here = process.memoryUsage().heapUsed - before;
console.log(`${keys} keys, ${perChild} in a child: ${pids.length} children after ${seconds.toFixed(1)} s`);
console.log(
  `  in the children: ${mb(total)} MB private, ${mb(total / pids.length)} MB a child, ${mb(total / keys)} MB a key`,
);
console.log(`  in this process: ${(here / keys / 1000).toFixed(1)} KB a key`);
await carts.$terminate();
