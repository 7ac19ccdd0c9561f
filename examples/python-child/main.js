/** Counts the words of files in Python: `node examples/python-child/main.js FILE…`. Without a name, those of this one. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { spawnWithIpc } from 'procxy/ipc';

const files = process.argv.length > 2 ? process.argv.slice(2) : [fileURLToPath(import.meta.url)];
const program = fileURLToPath(new URL('child.py', import.meta.url));
const child = spawnWithIpc('python3', [program], { stdio: 'inherit' });
child.on('error', (error) => {
  console.error(String(error));
  process.exitCode = 1;
});
child.on('exit', (code, signal) => console.log(`Python ended: ${signal ?? code}`));

child.once('message', async ({ ready }) => {
  console.log(`Python is ready: ${ready === child.pid}`);
  let file = 0;
  // Answers come in the order of the questions.
  child.on('message', ({ words, most: [[word, times] = ['', 0]] }) => {
    console.log(`${words} words, most often '${word}': ${times} times`);
    if (++file === files.length) child.disconnect();
  });
  for (const path of files) child.send(await readFile(path, 'utf8'));
});
