import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { isWindows, nextConnection, serve, start, startWith } from '../support/process-proxy.js';
import { Relay } from '../support/relay.js';
import { times } from '../support/thorough.js';

const sha = (data: Buffer): string => createHash('sha256').update(data).digest('hex');

const CUTS = times(50, 200);
test(`no byte is lost or doubled when the socket is cut at ${CUTS} random moments`, async () => {
  await using server = await serve();
  const relay = await Relay.to(server.getPort());
  const input = randomBytes(CUTS * 120 * 1024);
  const output = randomBytes(CUTS * 120 * 1024);
  const notes = randomBytes(CUTS * 2600).toString('hex');
  let connections = 0;
  server.on('connection', () => connections++);
  const connected = nextConnection(server);
  const { child, ended } = start(relay.env(server.env), { args: ['one', 'two'] });
  child.stdin.end(input);
  const connection = await connected;

  const hash = createHash('sha256');
  let received = 0;
  const state = { done: false };
  const reading = (async () => {
    for await (const chunk of connection.stdin as AsyncIterable<Buffer>) {
      hash.update(chunk);
      received += chunk.length;
      // At the pace of the cuts, so that they all meet with data.
      while (received / input.length > (relay.cuts + 1) / CUTS) await sleep(1);
    }
  })();
  const writing = (async () => {
    for (let at = 0; at < output.length; at += 10_007) {
      const chunk = output.subarray(at, at + 10_007);
      if (!connection.stdout.write(chunk)) await once(connection.stdout, 'drain');
      while (at / output.length > (relay.cuts + 1) / CUTS) await sleep(1);
    }
  })();
  const asking = (async () => {
    // A command in flight is done once, and answered once.
    for (let at = 0; at < notes.length; at += 4096) {
      await new Promise((resolve) => connection.stderr.write(notes.slice(at, at + 4096), resolve));
      expect(await connection.getArgs()).toHaveLength(3);
    }
  })();
  const cutting = (async () => {
    while (!state.done && relay.cuts < CUTS) {
      const before = relay.bytes;
      while (!state.done && relay.bytes < before + Math.random() * 100_000) await sleep(Math.random() * 3);
      relay.cut();
    }
  })();
  await Promise.all([reading, writing, asking]);
  state.done = true;
  await cutting;
  expect(relay.cuts).toBe(CUTS);
  const exited = connection.exit(77);
  relay.cut();
  await exited;
  const { stdout, stderr, code } = await ended;
  expect({ received, hash: hash.digest('hex') }).toEqual({ received: input.length, hash: sha(input) });
  expect({ size: stdout.length, hash: sha(stdout) }).toEqual({ size: output.length, hash: sha(output) });
  expect(sha(Buffer.from(stderr))).toBe(sha(Buffer.from(notes)));
  expect({ code, connections, errors: server.errors }).toEqual({ code: 77, connections: 1, errors: [] });
  await relay.close();
});

test('a cut in the handshake, or right after it, is made good too', async () => {
  await using server = await serve();
  server.on('connection', async (connection) => {
    connection.stdin.pipe(connection.stdout, { end: false });
    const [, argument] = await connection.getArgs();
    connection.stdin.once('end', () => void connection.exit(Number(argument)));
  });
  // A hello has 175 bytes, its welcome 13.
  for (let limit = 0; limit < 320; limit += 7) {
    const relay = await Relay.to(server.getPort());
    relay.limits = [limit, limit + 2, 400 - limit];
    const { child, ended } = start(relay.env(server.env), { args: [String(limit % 256)] });
    child.stdin.end('some input');
    const { stdout, stderr, code } = await ended;
    expect({ limit, output: stdout.toString(), stderr, code }).toEqual({
      limit,
      output: 'some input',
      stderr: '',
      code: limit % 256,
    });
    await relay.close();
  }
});

// On Windows its write blocks, as docs/process-proxy.md says.
test.skipIf(isWindows)('an executable whose output is not read holds its session', async () => {
  await using server = await serve({ reconnectTimeout: 200 });
  const relay = await Relay.to(server.getPort());
  const connected = nextConnection(server);
  const child = startWith(relay.env(server.env), ['ignore', 'pipe', 'inherit']);
  const closed = once(child, 'close');
  const connection = await connected;
  const output = randomBytes(4 * 1024 * 1024);
  connection.stdout.write(output);
  for (let cut = 0; cut < 3; cut++) {
    await sleep(250);
    relay.cut();
  }
  await sleep(250);
  expect(connection.closed).toBe(false);
  const stdout = child.stdout && buffer(child.stdout);
  await connection.exit(8);
  expect(await closed).toEqual([8, null]);
  expect(sha((await stdout) ?? Buffer.alloc(0))).toBe(sha(output));
  await relay.close();
});
