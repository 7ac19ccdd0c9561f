/** How long a keystroke takes through the executable and back, beside the published `process-proxy`, turn by turn. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createProxyProcessServer, getProxyCommandPath } from 'process-proxy';
import { getExecutablePath, ProcessProxyServer } from 'procxy/process-proxy';

const KEYS = 100;

type Program = ChildProcessByStdio<Writable, Readable, null>;

function run(path: string, env: NodeJS.ProcessEnv): Program {
  return spawn(path, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
}

const server = new ProcessProxyServer();
server.on('connection', (connection) => void connection.stdin.pipe(connection.stdout));
await server.start();
const published = createProxyProcessServer((connection) => void connection.stdin.pipe(connection.stdout));
published.listen(0, '127.0.0.1');
await once(published, 'listening');
const { port } = published.address() as AddressInfo;

const programs = {
  procxy: run(getExecutablePath(), server.env),
  'process-proxy 0.6.0': run(getProxyCommandPath(), { PROCESS_PROXY_PORT: String(port) }),
};
const times = new Map(Object.keys(programs).map((name) => [name, [] as number[]]));
for (let key = 0; key < KEYS; key++) {
  for (const [name, program] of Object.entries(programs)) {
    const start = performance.now();
    program.stdin.write('k');
    await once(program.stdout, 'data');
    times.get(name)?.push(performance.now() - start);
    await sleep(5);
  }
}
for (const [name, list] of times) {
  const sorted = list.toSorted((one, other) => one - other);
  const at = (part: number): string => (sorted[Math.floor(part * sorted.length)] ?? NaN).toFixed(2);
  console.log(`${name.padEnd(20)} median ${at(0.5)} ms, 95 % ${at(0.95)} ms`);
}
for (const program of Object.values(programs)) program.kill();
published.close();
await server.stop();
process.exit();
