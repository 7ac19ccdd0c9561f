import { describe, expect, test } from 'vitest';
import { connectIpc, spawnWithIpc } from 'procxy/ipc';
import { ended, startShell } from '../support/ipc-children.js';
import { runScript } from '../support/scripts.js';

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
    ['junk', 'echo junk >&3; sleep 5', "A line is not JSON: 'junk'."],
    ['bytes that are not UTF-8', 'printf \'"\\377"\\n\' >&3; sleep 5', 'A line is not UTF-8: \'"\ufffd"\\n\'.'],
    [
      'a line that is cut',
      'printf \'{"a"\' >&3',
      'The channel closed in the middle of a message, after 4 bytes of it: \'{"a"\'.',
    ],
    ['a line that is too long', 'yes >&3', 'A message exceeds the limit of 1000 bytes.'],
  ])('%s', async (_what, script, message) => {
    const child = startShell(`echo '"before"' >&3; ${script.replace('yes >', "yes | tr -d '\\n' >")}`, {
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

  test('without a listener they are a warning, and other children are served', async () => {
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
