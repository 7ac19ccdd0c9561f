import { fork } from 'node:child_process';
import { afterAll, describe, expect, test } from 'vitest';
import { alreadyDisconnected, channelClosed, checkMessage, checkSendOptions } from '../../src/channel/node-errors.js';
import { ipcProgram } from '../support/ipc-children.js';

/** What Node itself says of the same, so that no copy of its sentences grows old. */
const child = fork(ipcProgram('echo.js'), [], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
afterAll(() => child.kill());

function thrown(run: () => unknown): unknown {
  try {
    return void run();
  } catch (error) {
    return error;
  }
}

/** Class, code and sentence, without what Node says of the value at its end. */
function face(error: unknown): object {
  const { name, code, message } = error as NodeJS.ErrnoException;
  return { name, code, message: message.replace(/ Received .*$/, '') };
}

describe('values that cannot be sent', () => {
  test.each([undefined, () => 1, Symbol('s'), 1n])('%o', (message) => {
    const expected = thrown(() => child.send(message as never));
    expect(face(thrown(() => checkMessage(message)))).toEqual(face(expected));
  });

  test.each(['text', 0, false, null, {}, []])('%j can be sent', (message) => {
    expect(() => checkMessage(message)).not.toThrow();
  });
});

describe('options that are not an object', () => {
  test.each([null, 5, 'text', true])('%j', (options) => {
    const expected = thrown(() => child.send('x', undefined as never, options as never));
    expect(face(thrown(() => checkSendOptions(options)))).toEqual(face(expected));
  });

  test('an object is accepted, or nothing', () => {
    for (const options of [undefined, {}, { keepOpen: true }]) expect(() => checkSendOptions(options)).not.toThrow();
  });
});

test('the error of a closed channel is the error of Node', async () => {
  child.disconnect();
  const fromNode = await new Promise((resolve) => child.send('x', resolve));
  expect(face(channelClosed())).toEqual(face(fromNode));
});

test('the error of a second disconnect() is the error of Node', async () => {
  const fromNode = await new Promise((resolve) => {
    child.once('error', resolve);
    child.disconnect();
  });
  expect(face(alreadyDisconnected())).toEqual(face(fromNode));
});
