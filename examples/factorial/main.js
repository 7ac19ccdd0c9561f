/**
 * A factorial, of which two child processes compute a half each, at the same time.
 *
 *     node examples/factorial/main.js            60000!
 *     node examples/factorial/main.js 5000       5000!
 */
import { procxy } from 'procxy';
import { watchEventLoop } from '../event-loop-watch.js';
import { printTable } from '../table.js';
import { factorialOfPrimes } from './legendre.js';
import { Multiplier } from './multiplier.js';

const n = BigInt(process.argv[2] ?? 60_000);
const middle = n / 2n;

const multipliers = await Promise.all([startMultiplier(), startMultiplier()]);
const [lower, upper] = multipliers;

const loop = await watchEventLoop();
const start = performance.now();
const halves = await Promise.all([lower.productOfRange(1n, middle), upper.productOfRange(middle + 1n, n)]);
const time = performance.now() - start;
const { worstStall, timerTurns } = await loop.stop();
await Promise.all(multipliers.map((multiplier) => multiplier.$terminate()));

const factorial = halves[0] * halves[1];
const digits = factorial.toString();
const integer = new Intl.NumberFormat('en-US').format;

printTable([
  [`${n}!`, `${digits.slice(0, 12)}…`],
  ['digits', integer(digits.length)],
  ['zeros at the end', integer(digits.length - digits.replace(/0+$/, '').length)],
  ['time taken', `${integer(Math.round(time))} ms`],
  ['longest pause of the event loop', `${integer(Math.round(worstStall))} ms`],
  ['timer turns meanwhile', integer(timerTurns)],
]);

const correct = factorial === factorialOfPrimes(Number(n));
console.log(`\nCompared with the product of its prime factors, computed here: ${correct ? 'identical' : 'DIFFERENT'}.`);
if (!correct) process.exitCode = 1;

function startMultiplier() {
  return procxy(Multiplier, './multiplier.js', { serialization: 'advanced' });
}
