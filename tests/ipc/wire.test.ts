import { text } from 'node:stream/consumers';
import { describe, expect, test } from 'vitest';
import { spawnWithIpc, type SpawnWithIpcOptions } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, receive, record } from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

/** A child that speaks no more than a shell can say. */
function shell(script: string, options: SpawnWithIpcOptions = {}): ReturnType<typeof spawnWithIpc> {
  return spawnWithIpc('/bin/sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], ...options });
}

const output = (child: ReturnType<typeof spawnWithIpc>): Promise<string> =>
  text(child.stdout ?? expect.unreachable('stdout is piped'));

describe('what a child writes that is no message is an error event, then a disconnect', () => {
  test.each([
    ['junk', 'echo junk >&3; sleep 5', "A line is not JSON: 'junk'."],
    ['an empty line', 'echo >&3; sleep 5', "A line is not JSON: ''."],
    ['what is not UTF-8', 'printf \'"\\377"\\n\' >&3; sleep 5', 'A line is not UTF-8: \'"\ufffd"\\n\'.'],
    [
      'a line without an end',
      'printf \'{"a"\' >&3',
      'The channel closed within a message, after 4 bytes of it: \'{"a"\'.',
    ],
    ['a line that is too long', 'yes >&3', 'A message is longer than the 1000 bytes that are allowed.'],
  ])('%s', async (_what, script, message) => {
    const child = shell(`echo '"before"' >&3; ${script.replace('yes >', "yes | tr -d '\\n' >")}`, {
      maxMessageBytes: 1000,
    });
    const log: unknown[] = [];
    child.on('message', (received) => log.push(received));
    child.on('error', (error) => log.push(`${error.name} ${(error as { code?: string }).code}: ${error.message}`));
    child.on('disconnect', () => log.push('disconnect'));
    await new Promise((resolve) => child.once('disconnect', resolve));
    expect(log).toEqual(['before', `ProtocolError PROCXY_PROTOCOL: ${message}`, 'disconnect']);
    expect(child.connected).toBe(false);
    child.kill();
    await ended(child);
  });

  test('where nobody listens for it, it is a warning: it ends nobody else', async () => {
    const { stdout, stderr, code } = await runScript(`
      const { spawnWithIpc } = await import('procxy/ipc');
      const bad = spawnWithIpc('/bin/sh', ['-c', 'echo junk >&3'], { stdio: 'inherit' });
      const good = spawnWithIpc('/bin/sh', ['-c', 'sleep 0.2; echo 1 >&3'], { stdio: 'inherit' });
      bad.on('disconnect', () => console.log('bad is gone'));
      good.on('message', (message) => console.log('good sent', message));
    `);
    expect({ stdout, code }).toEqual({ stdout: 'bad is gone\ngood sent 1\n', code: 0 });
    expect(stderr).toMatch(
      /\[PROCXY_CHANNEL_FAILED\].*The channel to the child process \d+ was closed\. A line is not JSON/,
    );
  });
});

describe('the wire', () => {
  const readLines = 'read -r one <&3; read -r two <&3; printf "%s\\n" "$one" "$two"';

  test('is a line of JSON for each message', async () => {
    const child = shell(readLines);
    child.send({ n: 1 });
    child.send('a\nb');
    expect(await output(child)).toBe('{"n":1}\n"a\\nb"\n');
    await ended(child);
  });

  test('has each message in an envelope where that is asked for', async () => {
    const child = shell(readLines, { envelope: true });
    child.send({ n: 1 });
    child.send([null]);
    expect(await output(child)).toBe('{"cmd":"NODE_HANDLE","msg":{"n":1}}\n{"cmd":"NODE_HANDLE","msg":[null]}\n');
    await ended(child);
  });

  test('may have an envelope around any message that comes', async () => {
    const child = shell(
      `printf '%s\\n' '{"cmd":"NODE_HANDLE","msg":{"n":1}}' 2 '{"cmd":"NODE_HANDLE"}' >&3; read -r _ <&3`,
    );
    expect(await receive(child, 3)).toEqual([{ n: 1 }, 2, { cmd: 'NODE_HANDLE' }]);
    await disconnected(child);
  });

  test('carries a message that looks like an envelope as itself', async () => {
    const child = spawnWithIpc(process.execPath, [ipcProgram('echo.js')], { stdio: ['ignore', 'ignore', 'inherit'] });
    const sent = [
      { cmd: 'NODE_HANDLE', msg: 1 },
      { toJSON: () => ({ cmd: 'NODE_HANDLE', msg: { cmd: 'NODE_HANDLE', msg: 2 } }) },
      { cmd: 'NODE_OTHER', msg: 3 },
    ];
    const answers = receive(child, sent.length);
    for (const message of sent) child.send(message);
    expect(await answers).toEqual(JSON.parse(JSON.stringify(sent)));
    await disconnected(child);
  });
});

describe('the descriptor', () => {
  const print = 'echo "$PROCXY_IPC_FD $DEKA_IPC_ENABLED $DEKA_IPC_FD"';

  test.each<[string, SpawnWithIpcOptions['stdio'], number]>([
    ['after the standard streams', ['ignore', 'pipe', 'inherit'], 3],
    ['after whatever else is inherited', ['ignore', 'pipe', 'inherit', 'ignore', 'ignore'], 5],
    ["where 'ipc' stands", ['ignore', 'pipe', 'inherit', 'ignore', 'ipc', 'ignore'], 4],
  ])('is %s, and the environment tells which', async (_where, stdio, descriptor) => {
    const child = shell(`${print}; echo '"here"' >&$PROCXY_IPC_FD; read -r _ <&$PROCXY_IPC_FD`, { stdio });
    const printed = output(child);
    expect(await receive(child, 1)).toEqual(['here']);
    await disconnected(child);
    expect(await printed).toBe(`${descriptor} 1 ${descriptor}\n`);
  });

  test('is found by either pair of variables, and given to no grandchild', async () => {
    const program = ipcProgram('environment.js');
    for (const unset of ['PROCXY_IPC_FD', 'DEKA_IPC_FD DEKA_IPC_ENABLED']) {
      const child = shell(`unset ${unset}; exec '${process.execPath}' '${program}'`);
      expect(await receive(child, 1)).toEqual([[]]);
      await disconnected(child);
    }
  });

  test('is not the environment of this process: the options of a child name others', async () => {
    const child = shell(`${print}; echo $OTHER`, { env: { OTHER: 'yes' } });
    expect(await output(child)).toBe('3 1 3\nyes\n');
    await ended(child);
    expect(Object.keys(process.env).filter((name) => name.endsWith('IPC_FD'))).toEqual([]);
  });
});

test('a flood of a child that is not read waits in the child', async () => {
  const child = spawnWithIpc(process.execPath, [ipcProgram('flood.js'), '65536'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const log = record(child);
  const printed = output(child);
  // Nothing of this process runs meanwhile, while it starts and sends.
  await new Promise((resolve) => child.once('spawn', resolve));
  const end = performance.now() + 700;
  while (performance.now() < end);
  const accepted = Number(await printed);
  await ended(child);
  expect(accepted).toBeGreaterThan(0);
  expect(accepted).toBeLessThan(100);
  expect(log.filter((entry) => (entry as unknown[])[0] === 'message')).toHaveLength(accepted);
});

test('messages to a child that does not read wait here: send() is false, and each callback comes when it has gone', async () => {
  const child = spawnWithIpc('python3', ['-c', slowReader], { stdio: ['ignore', 'ignore', 'inherit'] });
  const last = receive(child, 1);
  const message = 'x'.repeat(65_536);
  let gone = 0;
  let sent = 1;
  while (child.send(message, () => gone++)) sent++;
  expect(sent).toBeLessThan(100);
  for (let n = 0; n < 50; n++) child.send(message, () => gone++);
  child.send('end', () => gone++);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(gone).toBeLessThan(sent + 51);
  expect(await last).toEqual([sent + 51]);
  expect(gone).toBe(sent + 51);
  await disconnected(child);
});

const slowReader = `
import os, socket, time
channel = socket.socket(fileno=int(os.environ['PROCXY_IPC_FD']))
time.sleep(0.4)
count = 0
for line in channel.makefile('rb'):
    count += 1
    if line == b'"end"\\n': channel.sendall(b'%d\\n' % count)
`;
