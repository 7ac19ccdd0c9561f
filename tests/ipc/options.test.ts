import { describe, expect, test } from 'vitest';
import { connectIpc, spawnWithIpc } from 'procxy/ipc';
import { ended, ipcProgram, startRaw } from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

/** Makes `spawnWithIpc()` use named pipes. Elsewhere than on Windows, they are sockets in the current directory. */
const namedPipes = `
  const { mkdtempSync, rmSync } = await import('node:fs');
  const folder = mkdtempSync((await import('node:os')).tmpdir() + '/procxy-windows-');
  const before = process.cwd();
  process.chdir(folder);
  process.on('exit', () => (process.chdir(before), rmSync(folder, { recursive: true })));
  Object.defineProperty(process, 'platform', { value: 'win32' });`;

test.each([
  [0, 'but got 0.'],
  [1.5, 'but got 1.5.'],
  [-1, 'but got -1.'],
  ['1' as never, "but got '1'."],
])('a maxMessageBytes of %j is refused', (maxMessageBytes, message) => {
  const refusal = expect.objectContaining({
    code: 'PROCXY_OPTIONS_VALIDATION',
    message: `The option \`maxMessageBytes\` must be a whole number of at least 1, or Infinity, ${message}`,
  });
  expect(() => spawnWithIpc('/no/such/program', [], { maxMessageBytes })).toThrow(refusal);
  expect(() => connectIpc({ maxMessageBytes })).toThrow(refusal);
});

describe('invalid bytes from a child are an error event, then a disconnect', () => {
  test.each([
    ['junk', "write('junk\\n'); read()", "A line is not JSON: 'junk'."],
    [
      'bytes that are not UTF-8',
      'write(Buffer.from([34, 255, 34, 10])); read()',
      'A line is not UTF-8: \'"\ufffd"\\n\'.',
    ],
    [
      'a line that is cut',
      `write('{"a"')`,
      'The channel closed in the middle of a message, after 4 bytes of it: \'{"a"\'.',
    ],
    ['a line that is too long', "for (;;) write('y'.repeat(500))", 'A message exceeds the limit of 1000 bytes.'],
  ])('%s', async (_what, script, message) => {
    const child = startRaw(`write('"before"\\n'); ${script}`, { maxMessageBytes: 1000, stdio: 'ignore' });
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

  test('without a listener they are a warning, and other children are served', async () => {
    const { stdout, stderr, code } = await runScript(`
      const { spawnWithIpc } = await import('procxy/ipc');
      const start = (script) =>
        spawnWithIpc(process.execPath, [${JSON.stringify(ipcProgram('raw.js'))}, script], { stdio: 'inherit' });
      const good = start("write(read() + '\\\\n')");
      start("write('junk\\\\n')").on('disconnect', () => {
        console.log('bad is gone');
        good.send(1);
      });
      good.on('message', (message) => console.log('good sent', message));
    `);
    expect({ stdout, code }).toEqual({ stdout: 'bad is gone\ngood sent 1\n', code: 0 });
    expect(stderr).toMatch(
      /\[PROCXY_CHANNEL_FAILED\].*The channel to the child process \d+ was closed\. A line is not JSON/,
    );
  });
});

test.each([
  ['a socket that is inherited', ''],
  ['a named pipe', namedPipes],
])('a program that cannot be started throws without a listener, with %s', async (_channel, prepare) => {
  const { stderr, code } = await runScript(`
    ${prepare}
    const { spawnWithIpc } = await import('procxy/ipc');
    spawnWithIpc('/no/such/program').on('disconnect', () => console.log('disconnected'));
  `);
  expect(code).toBe(1);
  expect(stderr).toMatch(/Unhandled 'error' event[^]*ENOENT/);
});
