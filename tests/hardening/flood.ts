/**
 * `npm run flood`, with `--calls N`: what the calls of one child take, in ms, while another floods this process, and by how much
 * the process grows.
 */
import { parseArgs } from 'node:util';
import { flood, floods } from './floods.js';

const { values } = parseArgs({
  options: { calls: { type: 'string', default: '1000' }, only: { type: 'string', default: '' } },
});
const calls = Number(values.calls);

const at = (times: readonly number[], part: number): string =>
  (times.toSorted((one, other) => one - other)[Math.floor(times.length * part)] ?? Number.NaN).toFixed(2).padStart(8);

console.log(`${'ms of a call: '.padEnd(31)}median   p99  flooded: median     p99   memory`);
for (const kind of floods.filter((each) => each.includes(values.only))) {
  const { quiet, flooded, memory, ended } = await flood(kind, calls);
  const columns = [at(quiet, 0.5), at(quiet, 0.99), '   ', at(flooded, 0.5), at(flooded, 0.99)].join('');
  console.log(`${kind.padEnd(30)}${columns} ${(memory / 1e6).toFixed(0).padStart(5)} MB  ${ended?.name ?? 'goes on'}`);
}
