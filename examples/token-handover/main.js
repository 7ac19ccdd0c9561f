/**
 * Handing over the token without the environment, which others may read or inherit: a file that only its owner can read, behind
 * a launcher that a program can start without knowing of either. Whoever brings another token is refused.
 *
 *     node examples/token-handover/main.js
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { getExecutablePath, ProcessProxyServer } from 'procxy/process-proxy';

// One token for each program that is expected, each good for one connection.
const expected = new Map([[randomBytes(32).toString('hex'), 'backup']]);
const server = new ProcessProxyServer({ validateConnection: (token) => expected.has(token) });
server.on('connection', async (connection) => {
  const name = expected.get(connection.token);
  expected.delete(connection.token);
  connection.stdout.write(`welcome, ${name}\n`);
  await connection.exit(0);
});
await server.start();

// mkdtemp() makes a folder that nobody else can enter.
const folder = await mkdtemp(join(tmpdir(), 'token-handover-'));
const [token] = expected.keys();
const lines = Object.entries({ ...server.env, PROCESS_PROXY_TOKEN: token }).map(
  ([name, value]) => `${name}='${value}'`,
);
await writeFile(join(folder, 'proxy.env'), `${lines.join('\n')}\n`, { mode: 0o600 });
await writeFile(
  join(folder, 'backup'),
  `#!/bin/sh\nset -a\n. '${folder}/proxy.env'\nexec '${getExecutablePath()}' "$@"\n`,
  { mode: 0o700 },
);
console.log(`proxy.env: ${((await stat(join(folder, 'proxy.env'))).mode & 0o777).toString(8)}`);

const run = async (program, env) => {
  const child = spawn(program, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'ignore'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  return `exit code ${code} ${output}`.trim();
};
console.log(`with the file:        ${await run(join(folder, 'backup'))}`);
console.log(`a second time:        ${await run(join(folder, 'backup'))}`);
console.log(`with a guessed token: ${await run(getExecutablePath(), { ...server.env, PROCESS_PROXY_TOKEN: 'guess' })}`);

await server.stop();
await rm(folder, { recursive: true });
