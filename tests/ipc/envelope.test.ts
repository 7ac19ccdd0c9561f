import { expect, test } from 'vitest';
import { spawnWithIpc } from 'procxy/ipc';
import { disconnected, ended, ipcProgram, output, receive, startRaw } from '../support/ipc-children.js';

test('with `envelope`, each message is sent in an envelope', async () => {
  const child = startRaw('print(read()); print(read())', { envelope: true });
  child.send({ n: 1 });
  child.send([null]);
  expect(await output(child)).toBe('{"cmd":"NODE_HANDLE","msg":{"n":1}}\n{"cmd":"NODE_HANDLE","msg":[null]}\n');
  await ended(child);
});

test('a message that arrives in an envelope is unwrapped', async () => {
  const child = startRaw(`write('{"cmd":"NODE_HANDLE","msg":{"n":1}}\\n2\\n{"cmd":"NODE_HANDLE"}\\n'); read()`);
  expect(await receive(child, 3)).toEqual([{ n: 1 }, 2, { cmd: 'NODE_HANDLE' }]);
  await disconnected(child);
});

test('a message that looks like an envelope arrives unchanged', async () => {
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
