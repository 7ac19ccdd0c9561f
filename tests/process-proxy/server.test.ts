import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectSocket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { ProcessProxyServer, ProcxyError } from 'procxy/process-proxy';
import { expect, test } from 'vitest';
import { connect, nextConnection, serve, start } from '../support/process-proxy.js';
import { Relay } from '../support/relay.js';

test('before start() there is no port, and stop() does nothing', async () => {
  const server = new ProcessProxyServer();
  expect(() => server.getPort()).toThrow(ProcxyError);
  expect(() => server.env).toThrow('Await its start() first');
  await server.stop();
});

test('the server listens only on the loopback interface', async () => {
  await using server = await serve();
  expect(server.address()).toMatchObject({ address: '127.0.0.1', family: 'IPv4' });
  const others = Object.values(networkInterfaces()).flatMap((list) => list ?? []);
  for (const { address, family } of others.filter(({ internal }) => !internal)) {
    const socket = connectSocket({ port: server.getPort(), host: family === 'IPv4' ? address : `${address}%lo` });
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/ECONNREFUSED|EINVAL|ENETUNREACH|EADDRNOTAVAIL|ENOTFOUND/);
  }
});

test('a hundred executables run at the same time', async () => {
  await using server = await serve();
  server.on('connection', async (connection) => {
    const [, number] = await connection.getArgs();
    connection.stdin.pipe(connection.stdout, { end: false });
    connection.stdin.once('end', () => void connection.exit(Number(number)));
  });
  const runs = Array.from({ length: 100 }, async (_, number) => {
    const { child, ended } = start(server.env, { args: [String(number)] });
    child.stdin.end(`I am ${number}`);
    const { stdout, code, stderr } = await ended;
    return { text: stdout.toString(), code, stderr };
  });
  expect(await Promise.all(runs)).toEqual(
    Array.from({ length: 100 }, (_, number) => ({ text: `I am ${number}`, code: number, stderr: '' })),
  );
});

test('stop() ends every executable, and the server can start again', async () => {
  await using server = await serve();
  const runs = [await connect(server), await connect(server), await connect(server)];
  const port = server.getPort();
  await Promise.all([server.stop(), server.stop()]);
  for (const { connection, ended } of runs) {
    expect(connection.closed).toBe(true);
    expect(await ended).toMatchObject({ code: 1, stderr: 'process-proxy: the server has closed the connection\n' });
  }
  expect(() => server.getPort()).toThrow('start()');
  expect(() => server.env).toThrow('start()');
  await server.stop();
  expect((await start({ PROCESS_PROXY_PORT: String(port) }).ended).code).toBe(1);
  await Promise.all([server.start(), server.start()]);
  const { connection, ended } = await connect(server);
  await connection.exit(6);
  expect((await ended).code).toBe(6);
});

test('stop() does not wait for an executable whose socket is cut, or one that is suspended', async () => {
  const server = await serve();
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const cut = start(relay.env(server.env));
  await connected;
  await relay.close();
  const stopped = await connect(server);
  stopped.child.kill('SIGSTOP');
  await server.stop();
  expect(stopped.connection.closed).toBe(true);
  for (const { child, ended } of [cut, stopped]) {
    child.kill('SIGKILL');
    await ended;
  }
});

test('a stopped server leaves nothing behind', async () => {
  const code = `
    import { ProcessProxyServer, getExecutablePath } from 'procxy/process-proxy';
    import { spawn } from 'node:child_process';
    const server = new ProcessProxyServer();
    await server.start();
    server.on('connection', async (connection) => {
      connection.stdin.resume();
      await connection.exit(0);
      await server.stop();
      // On Windows, the handle of a closed server goes some turns of the event loop later.
      const left = () => process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|Process|FSReq/.test(name));
      for (let turn = 0; turn < 100 && left().length > 0; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
      console.log(left());
    });
    spawn(getExecutablePath(), { env: { ...process.env, ...server.env } });
  `;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' });
  expect(printed).toBe('[]\n');
});
