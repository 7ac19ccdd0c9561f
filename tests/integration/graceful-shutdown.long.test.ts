import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { isRunning, until } from '../support/processes.js';
import { outcomeOf, type Outcome } from '../support/scripts.js';
import { makeFolder, readFences, readPage } from '../support/snippets.js';

/** The service of docs/recipes/graceful-shutdown.md under load, stopped as supervisors stop it. */

const page = fileURLToPath(new URL('../../docs/recipes/graceful-shutdown.md', import.meta.url));
const markdown = readFileSync(page, 'utf8');
const CLIENTS = 20;
const CARTS = 4;

/** Notes the path of each request that the server has accepted. */
const preload = `
  import { subscribe } from 'node:diagnostics_channel';
  import { appendFileSync } from 'node:fs';
  subscribe('http.server.request.start', ({ request }) => appendFileSync('accepted', request.url + '\\n'));
`;

let folder: string;
let server: ChildProcess | undefined;
let children: number[] = [];
beforeEach(() => {
  folder = makeFolder();
  writeFileSync(join(folder, 'preload.js'), preload);
  for (const { name, code } of readPage(page).commands.at(-1)?.files.values() ?? []) write(name, code);
});
afterEach(() => {
  server?.kill('SIGKILL');
  for (const child of children.filter(isRunning)) process.kill(child, 'SIGKILL');
  children = [];
  rmSync(folder, { recursive: true });
});

function write(name: string, code: string): void {
  writeFileSync(join(folder, name), code);
}

/** Starts the server in a process group of its own. */
async function start(): Promise<{ pid: number; port: number; outcome: Promise<Outcome> }> {
  server = spawn(process.execPath, ['--import', './preload.js', 'server.js'], {
    cwd: folder,
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const outcome = outcomeOf(server);
  const [line] = (await once(createInterface({ input: server.stdout ?? expect.unreachable() }), 'line')) as string[];
  return { pid: server.pid ?? expect.unreachable(), port: Number(line?.split(' ')[1]), outcome };
}

/** Ids of the processes that run the instances. */
function childrenOf(parent: number): number[] {
  const table = execFileSync('ps', ['-o', 'pid=,args=', '--ppid', String(parent)], { encoding: 'utf8' });
  return [...table.matchAll(/^\s*(\d+) procxy (?:Renderer|Cart)/gm)].map(([, pid]) => Number(pid));
}

/** Sends requests, each after the answer of the one before, until the server refuses one. Lists those that were answered 200. */
async function sendRequests(port: number, client: number, answered: string[]): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  try {
    for (let n = 0; ; n++) {
      const path = n % 4 === 0 ? `/pages/${client}-${n}` : `/carts/${client % CARTS}/${client}-${n}`;
      if ((await request(port, path, agent)) === 200) answered.push(path);
    }
  } catch {
    agent.destroy();
  }
}

function request(port: number, path: string, agent: Agent): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = get({ port, path, agent }, (response) => {
      response.once('end', () => resolve(response.statusCode)).once('error', reject);
      response.resume();
    });
    sent.once('error', reject);
  });
}

function accepted(): string[] {
  const file = join(folder, 'accepted');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

test.each<[string, (pid: number) => unknown]>([
  ['SIGTERM for the server alone', (pid) => process.kill(pid, 'SIGTERM')],
  ['SIGTERM for the server and its children', (pid) => process.kill(-pid, 'SIGTERM')],
  ['SIGINT twice, for all', (pid) => [process.kill(-pid, 'SIGINT'), process.kill(-pid, 'SIGINT')]],
])('%s under load: each accepted request is answered, and no process stays', async (_name, stop) => {
  const { pid, port, outcome } = await start();
  const lists = Array.from({ length: CLIENTS }, () => [] as string[]);
  const clients = lists.map((answered, client) => sendRequests(port, client, answered));
  await until(() => lists.every(({ length }) => length > 5), 'the load');
  children = childrenOf(pid);
  stop(pid);
  await Promise.all(clients);
  const answered = lists.flat();
  expect(await outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
  expect(answered.toSorted()).toEqual(accepted().toSorted());
  expect(children.length).toBe(4 + CARTS);
  expect(children.filter(isRunning)).toEqual([]);

  const items = readdirSync(join(folder, 'carts')).flatMap((file) => {
    const cart = JSON.parse(readFileSync(join(folder, 'carts', file), 'utf8')) as string[];
    return cart.map((item) => `/carts/${file.replace('.json', '')}/${item}`);
  });
  expect(items.toSorted()).toEqual(answered.filter((path) => path.startsWith('/carts')).toSorted());
});

test('streams of events end at the signal, and none begins after it', async () => {
  const { pid, port, outcome } = await start();
  const agent = new Agent({ keepAlive: true });
  const watchers = Array.from({ length: 3 }, () => request(port, '/events', agent));
  const late = connect(port);
  late.write('GET /events HTTP/1.1\r\nHost: localhost\r\n'); // the end of the request follows after the signal
  await until(() => accepted().filter((path) => path === '/events').length === 3, 'the watchers');
  const working = request(port, '/pages/1', agent);
  await until(() => accepted().includes('/pages/1'), 'a request that keeps the server open');
  process.kill(pid, 'SIGTERM');
  expect(await Promise.all(watchers)).toEqual([200, 200, 200]); // they have ended
  late.write('\r\n');
  expect(await text(late)).toMatch(/^HTTP\/1.1 503 /);
  expect(await working).toBe(200);
  expect(await outcome).toMatchObject({ code: 0, signal: null, stderr: '' });
});

test('a request that hangs is given up after the deadline, and no process stays', async () => {
  write('server.js', readFileSync(join(folder, 'server.js'), 'utf8').replace(/DEADLINE = .*/, 'DEADLINE = 500;'));
  const { pid, port, outcome } = await start();
  children = childrenOf(pid);
  for (const child of children) process.kill(child, 'SIGSTOP');
  const requested = request(port, '/pages/1', new Agent());
  await Promise.all([
    expect(requested).rejects.toThrow('socket hang up'),
    until(() => accepted().length === 1, 'the request').then(() => process.kill(pid, 'SIGTERM')),
  ]);
  expect(await outcome).toMatchObject({ code: 1, signal: null });
  await until(() => !children.some(isRunning), 'the end of the children');
});

test('every supervisor waits longer than the server', () => {
  const limit = (pattern: RegExp): number => Number(pattern.exec(markdown)?.[1]?.replace('_', ''));
  const ecosystem = readFences(markdown).find(({ body }) => body[0] === '// ecosystem.config.cjs');
  write('ecosystem.config.cjs', ecosystem?.body.join('\n') ?? '');
  const { apps } = createRequire(import.meta.url)(join(folder, 'ecosystem.config.cjs')) as {
    apps: { script: string; kill_timeout: number }[];
  };
  const deadline = limit(/DEADLINE = (\S+);/);
  expect(deadline).toBeGreaterThan(0);
  expect(limit(/^TimeoutStopSec=(\d+)$/m) * 1000).toBeGreaterThan(deadline);
  expect(limit(/docker run .*--stop-timeout (\d+)/) * 1000).toBeGreaterThan(deadline);
  expect(limit(/`stop_grace_period: (\d+)s`/) * 1000).toBeGreaterThan(deadline);
  expect(apps[0]?.kill_timeout).toBeGreaterThan(deadline);
  expect(existsSync(join(folder, apps[0]?.script ?? ''))).toBe(true);
});

test('systemd accepts the unit', () => {
  const unit =
    readFences(markdown)
      .find(({ language }) => language === 'ini')
      ?.body.join('\n') ?? '';
  const file = join(folder, 'shop.service');
  chmodSync(folder, 0o755);
  writeFileSync(file, unit.replace('/usr/bin/node', process.execPath));
  expect(execFileSync('systemd-analyze', ['verify', file], { encoding: 'utf8', stdio: 'pipe' })).toBe('');
});
