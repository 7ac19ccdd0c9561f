/**
 * A class in a child process asks questions. They are events, each with a function by which this process answers.
 *
 *     node examples/interactive/main.js                                   asks at the terminal
 *     printf 'tidy\n2.0.0\n\n' | node examples/interactive/main.js        is answered by a pipe
 */
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import { procxy } from 'procxy';
import { PackageSetup } from './package-setup.js';

const input = createInterface({ input: process.stdin });
const lines = input[Symbol.asyncIterator]();

const setup = await procxy(PackageSetup, './package-setup.js', { enableCallbacks: true });
setup.on('question', async (text, fallback, answer) => {
  for (;;) {
    process.stdout.write(`${text} (${fallback}): `);
    const { value: line = '', done } = await lines.next();
    // A terminal shows what is typed.
    if (!process.stdin.isTTY) console.log(line);
    const complaint = await answer(done ? '' : line);
    if (complaint === undefined) return;
    console.log(complaint);
  }
});

const fields = await setup.run(basename(process.cwd()));
console.log(JSON.stringify(fields, null, 2));
await setup.$terminate();
input.close();
