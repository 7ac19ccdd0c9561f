import { fork, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { connect, isWindows, nextConnection, serve, start } from '../support/process-proxy.js';
import { Relay } from '../support/relay.js';

const lost = 'process-proxy: the connection to the server is lost\n';

test('an executable that is killed is missed at once, not after the time for a reconnection', async () => {
  await using server = await serve({ reconnectTimeout: 2 ** 31 - 1 });
  const { connection, child, ended } = await connect(server);
  const gone = once(connection, 'disconnect');
  child.kill('SIGKILL');
  // Under an emulator, its process is not the one that is seen here.
  if (!isWindows) await gone;
  await ended;
});

test('an executable whose server was killed ends with an error', async () => {
  const server = fork(fileURLToPath(new URL('../fixtures/proxy-server.js', import.meta.url)), ['300']);
  const [env] = (await once(server, 'message')) as [Record<string, string>];
  const { child, ended } = start(env);
  await once(child.stdout, 'data');
  server.kill('SIGKILL');
  expect(await ended).toMatchObject({ code: 1, signal: null, stderr: lost });
  if (!isWindows) expect(() => process.kill(child.pid ?? 0, 0)).toThrow('ESRCH');
});

test('a connection that is not made good in time is over, on both sides', async () => {
  await using server = await serve({ reconnectTimeout: 300 });
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const { ended } = start(relay.env(server.env));
  const connection = await connected;
  const pending = connection.getArgs().then(() => connection.sendCommand(0x03, Buffer.from([1, 0, 0, 0]))); // waits for a byte
  const outcome = pending.catch((error: unknown) => error);
  await connection.getCwd();
  const gone = once(connection, 'close');
  await relay.close();
  await gone;
  expect(await outcome).toMatchObject({ code: 'PROCXY_DISCONNECTED' });
  expect(await ended).toMatchObject({ code: 1, stderr: lost });
});

test('stop() ends every executable, and start() begins anew', async () => {
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

test('stop() waits neither for an executable whose socket is cut nor for one that does not move', async () => {
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

test('nothing is left behind', async () => {
  const code = `
    import { ProcessProxyServer, getExecutablePath } from 'procxy/process-proxy';
    import { spawn } from 'node:child_process';
    const server = new ProcessProxyServer();
    await server.start();
    server.on('connection', async (connection) => {
      connection.stdin.resume();
      await connection.exit(0);
      await server.stop();
      console.log(process.getActiveResourcesInfo().filter((name) => !/Pipe|TTY|Process|FSReq/.test(name)));
    });
    spawn(getExecutablePath(), { env: { ...process.env, ...server.env } });
  `;
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: root, encoding: 'utf8' });
  expect(printed).toBe('[]\n');
});
