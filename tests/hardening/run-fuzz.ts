/** `npm run fuzz`, with `--messages N` for so many in each mode: random messages to both sides of a session. */
import { parseArgs } from 'node:util';
import { fuzz } from './fuzz.js';

const { values } = parseArgs({ options: { messages: { type: 'string', default: '1000000' } } });
const half = Math.ceil(Number(values.messages) / 2);

for (const mode of ['json', 'advanced'] as const) {
  for (const side of ['parent', 'child'] as const) {
    const start = performance.now();
    const { messages, victims, violations, reasons } = await fuzz(side, mode, half);
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(
      `${mode}, to the ${side}: ${messages} messages, ${victims} sessions, ${violations} ended, ${seconds} s`,
    );
    const frequent = [...reasons].toSorted(([, a], [, b]) => b - a).slice(0, 12);
    for (const [reason, count] of frequent) console.log(`  ${String(count).padStart(7)}  ${reason}`);
  }
}
console.log('Nothing was thrown, stayed open or was changed for everybody.');
