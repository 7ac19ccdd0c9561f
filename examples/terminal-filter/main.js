/**
 * An interactive program whose keystrokes another process handles: the executable stands in the terminal, this program turns
 * each line around as soon as it is typed. `quit`, or the end of the input, ends it.
 *
 *     node examples/terminal-filter/main.js                            at the terminal
 *     printf 'stressed\nquit\n' | node examples/terminal-filter/main.js   with a pipe
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { getExecutablePath, ProcessProxyServer } from 'procxy/process-proxy';

const server = new ProcessProxyServer();
server.on('connection', async (terminal) => {
  let count = 0;
  for await (const line of createInterface({ input: terminal.stdin })) {
    if (line === 'quit') break;
    count++;
    terminal.stdout.write(`${[...line].toReversed().join('')}\n`);
  }
  terminal.stderr.write(`${count} lines\n`);
  await terminal.exit(count === 0 ? 1 : 0);
});
await server.start();

const child = spawn(getExecutablePath(), { env: { ...process.env, ...server.env }, stdio: 'inherit' });
const [code] = await once(child, 'exit');
await server.stop();
process.exitCode = code;
