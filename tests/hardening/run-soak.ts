/** `npm run soak`, with `--minutes N`: everything at once, in each mode and on each channel, and what both sides come to hold. */
import { parseArgs } from 'node:util';
import { growth, soak, type Held } from './soak.js';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const seconds = Number(values.minutes) * 60;
const { held, rounds, fleetRounds } = await soak(seconds, 20);
console.log(`${seconds} s, ${rounds} rounds of calls, functions, events, streams, signals, failures and sockets`);
console.log(`${fleetRounds} rounds of a pool and of instances by key, with a killed child each in every tenth`);
const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(2)} MB`;
const row = (name: string, list: readonly Held[], of: keyof Held, show: (value: number) => string): void => {
  const shown = list.filter((_, index) => index % 4 === 0).map((each) => show(each[of]).padStart(9));
  console.log(`  ${name.padEnd(20)}${shown.join(' ')}   grew by ${show(growth(list, of))}`);
};
for (const [kind, list] of held) {
  console.log(kind);
  row('heap of the parent', list, 'parentHeap', megabytes);
  row('heap of the child', list, 'childHeap', megabytes);
  row('descriptors, parent', list, 'parentDescriptors', String);
  row('descriptors, child', list, 'childDescriptors', String);
}
