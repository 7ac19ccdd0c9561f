import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HandleTransferError, procxy, type Procxy } from 'procxy';
import { TakingHandles } from '../fixtures/taking-handles.js';
import { eventually } from '../support/eventually.js';

const module = '../fixtures/taking-handles.js';
const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  closers.push(() => server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** What the server says until it ends the connection. */
async function hear(port: number): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: false });
  closers.push(() => socket.destroy());
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  return text;
}

/** Both ends of a connection. */
async function pair(options: object = {}): Promise<{ near: Socket; far: Socket }> {
  const server = createServer({ pauseOnConnect: true, ...options });
  const port = await listening(server);
  const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  far.on('error', () => {});
  const [near] = (await once(server, 'connection')) as [Socket];
  closers.push(
    () => far.destroy(),
    () => near.destroy(),
  );
  return { near, far };
}

/** Sets how many descriptors a process may have. Returns the previous limit. */
function limitDescriptors(pid: number, limit: string): string {
  const given = execFileSync('prlimit', ['--pid', `${pid}`, '--nofile', '--output=SOFT', '--noheadings']);
  execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${limit}:`]);
  return String(given).trim();
}

/** Opens as many descriptors as possible. Returns them to be closed again. */
function useUpDescriptors(): number[] {
  const opened: number[] = [];
  try {
    for (;;) opened.push(openSync('/dev/null', 'r'));
  } catch {
    return opened;
  }
}

describe.each(['json', 'advanced'] as const)('a handle on its way to a busy child, in %s mode', (serialization) => {
  let taking: Procxy<TakingHandles, { supportHandles: true; serialization: 'advanced' }>;
  beforeEach(async () => {
    taking = (await procxy(TakingHandles, module, { supportHandles: true, serialization })) as never;
  });
  afterEach(() => taking.$terminate());

  test('a reset before the method runs is reported to the method', async () => {
    const { near, far } = await pair();
    const blocked = taking.block(300);
    const ended = taking.ending(near);
    await new Promise((resolve) => setTimeout(resolve, 100));
    far.resetAndDestroy();
    await blocked;
    expect(await ended).toMatch(/ECONNRESET|closed/);
    expect(await taking.pid()).toBe(taking.$process.pid);
  });

  test('a reset during a call that does not use the socket ends no process', async () => {
    const { near, far } = await pair();
    far.resetAndDestroy();
    await (taking as unknown as Record<string, (socket: Socket) => Promise<void>>)['nosuch']?.(near)?.catch(() => {});
    expect(await taking.pid()).toBe(taking.$process.pid);
  });

  test('connections that arrive meanwhile are answered', async () => {
    const server = createServer();
    const port = await listening(server);
    const blocked = taking.block(300);
    const taken = taking.listen(server);
    await new Promise((resolve) => setTimeout(resolve, 50));
    server.close();
    const answers = await Promise.all(Array.from({ length: 20 }, () => hear(port)));
    expect(answers).toEqual(Array.from({ length: 20 }, () => `${taking.$process.pid}`));
    await Promise.all([blocked, taken]);
  });

  test('datagrams that arrive meanwhile are answered, without deprecation warnings', async () => {
    const warnings: Error[] = [];
    const hearWarning = (warning: Error): number => warnings.push(warning);
    process.on('warning', hearWarning);
    const shared = createSocket('udp4').bind(0, '127.0.0.1');
    await once(shared, 'listening');
    const { port } = shared.address();
    const blocked = taking.block(300);
    const taken = taking.echo(shared);
    await new Promise((resolve) => setTimeout(resolve, 50));
    shared.close();
    const client = createSocket('udp4').bind(0, '127.0.0.1');
    closers.push(() => client.close());
    const received: string[] = [];
    client.on('message', (message) => received.push(String(message)));
    for (let n = 0; n < 50; n++) client.send(`datagram ${n}`, port, '127.0.0.1');
    await Promise.all([blocked, taken]);
    await eventually(() => expect(received).toHaveLength(50));
    process.off('warning', hearWarning);
    expect(warnings.filter(({ name }) => name === 'DeprecationWarning')).toEqual([]);
  });

  test('a socket that stays open for writing does so in the child', async () => {
    const { near, far } = await pair({ allowHalfOpen: true });
    await taking.answerAtEnd(near);
    far.end('hello');
    let text = '';
    for await (const chunk of far) text += String(chunk);
    expect(text).toBe('hello: heard');
  });

  test('the socket of an HTTP upgrade goes on in the child, with its head', async () => {
    const http = createHttpServer();
    const port = await listening(http);
    http.on('upgrade', (_request, socket: Duplex, head: Buffer) => {
      const given = serialization === 'json' ? String(head) : head;
      void taking.upgrade(given, socket as Socket);
    });
    const client = connect(port, '127.0.0.1');
    closers.push(() => client.destroy());
    let text = '';
    client.on('data', (chunk) => (text += String(chunk)));
    client.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhead|');
    await eventually(() => expect(text).toMatch(/101 Switching Protocols[^]*head\|$/));
    client.write('more');
    await eventually(() => expect(text).toMatch(/head\|more$/));
  });

  test('a socket with unread data, or that is read here, is refused', async () => {
    const { near, far } = await pair();
    near.resume();
    far.write('first');
    await once(near, 'data');
    await expect(taking.ignore(near)).rejects.toThrow(/has been read from already/);
    near.pause();
    await expect(taking.ignore(near)).resolves.toBeUndefined();
  });
});

describe('a side that has no descriptor left', () => {
  test('in the child only fails the call, and the sender keeps its socket', async () => {
    const quiet = (): void => {};
    process.on('warning', quiet);
    await using taking = await procxy(TakingHandles, module, { supportHandles: true });
    const held = await pair();
    await taking.answerAtEnd(held.near);
    const { near } = await pair();
    const { pid = 0 } = taking.$process;
    const before = limitDescriptors(pid, '3');
    const error = await taking.answerAtEnd(near).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HandleTransferError);
    expect(near.destroyed).toBe(false);
    limitDescriptors(pid, before);
    await taking.answerAtEnd(near);
    await eventually(() => expect(near.destroyed).toBe(true));
    held.far.end('still there');
    let text = '';
    for await (const chunk of held.far) text += String(chunk);
    expect(text).toBe('still there: heard');
    process.off('warning', quiet);
  });

  test('in the parent only fails the call, and does not end the child', async () => {
    const server = createServer((socket) => socket.on('error', () => {}));
    const port = await listening(server);
    await using taking = await procxy(TakingHandles, module, { supportHandles: true, stdio: 'ignore' });
    await taking.pid();
    const highest = Math.max(...readdirSync('/proc/self/fd').map(Number));
    const before = limitDescriptors(process.pid, `${highest + 20}`);
    const opened = useUpDescriptors();
    const error = await taking.connect(port).catch((reason: unknown) => reason);
    for (const descriptor of opened) closeSync(descriptor);
    limitDescriptors(process.pid, before);
    expect(error).toBeInstanceOf(HandleTransferError);
    const socket = await taking.connect(port);
    expect(socket.remotePort).toBe(port);
    socket.destroy();
  });
});

describe('the server of a cluster worker', () => {
  const program = fileURLToPath(new URL('../fixtures/cluster-hand-over.js', import.meta.url));
  const run = async (policy: string): Promise<string> =>
    (await promisify(execFile)(process.execPath, [program, policy], { env: { ...process.env, NODE_NO_WARNINGS: '1' } }))
      .stdout;

  test('is refused with an error that names the policy that allows it', async () => {
    expect(await run('shared')).toMatch(/cluster\.SCHED_NONE[^]*worker: 0/);
  });

  test('can be passed with that policy', async () => {
    expect(await run('none')).toBe('taken\nworker: 0\n');
  });
});
