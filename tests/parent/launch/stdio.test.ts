import { spawn, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { eventDriven } from '../../../src/channel/child-socket.js';
import { layOutDescriptors, takeLane } from '../../../src/parent/launch/stdio.js';
import { resolveOptions } from '../../../src/parent/options/resolve-options.js';

const lay = (options: object): ReturnType<typeof layOutDescriptors> =>
  layOutDescriptors(resolveOptions(options, undefined));

describe('the descriptors of a child', () => {
  // On Windows, only Node inherits sockets.
  const ofOthers = (descriptor: number): number | undefined => (process.platform === 'win32' ? undefined : descriptor);

  test.each<[StdioOptions, unknown[]]>([
    ['inherit', ['inherit', 'inherit', 'inherit', 'ipc', eventDriven]],
    ['pipe', ['pipe', 'pipe', 'pipe', 'ipc', eventDriven]],
    [
      ['ignore', 'pipe'],
      ['ignore', 'pipe', 'inherit', 'ipc', eventDriven],
    ],
    [
      ['ignore', 'ignore', 'ignore', 'pipe'],
      ['ignore', 'ignore', 'ignore', 'pipe', 'ipc', eventDriven],
    ],
    [
      ['pipe', 'pipe', 'pipe', 'ipc'],
      ['pipe', 'pipe', 'pipe', 'ipc', eventDriven],
    ],
  ])('for the option %j', (stdio, expected) => {
    expect(lay({ stdio }).stdio).toEqual(expected);
  });

  test('do not change the array of the user', () => {
    const given = ['ignore', 'ignore', 'ignore', 'ipc'];
    lay({ stdio: given, enableCallbacks: true });
    expect(given).toEqual(['ignore', 'ignore', 'ignore', 'ipc']);
  });

  test.each<[string, object, data: number | undefined, sync: number | undefined]>([
    ['by default one socket for streams', {}, 4, undefined],
    ['with functions one more, on which the child can wait', { enableCallbacks: true }, 4, 5],
    ['Bun can wait too', { enableCallbacks: true, execPath: '/opt/bun' }, ofOthers(4), ofOthers(5)],
    ['Deno cannot', { enableCallbacks: true, execPath: '/opt/deno' }, ofOthers(4), undefined],
    ['a program in another language has neither', { enableCallbacks: true, agent: './a.py' }, undefined, undefined],
  ])('%s', (_name, options, dataDescriptor, syncDescriptor) => {
    expect(lay(options)).toMatchObject({ dataDescriptor, syncDescriptor });
  });
});

test("this side's end of a socket is taken by its number, and missing if there is none", async () => {
  const child = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 30_000)'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const socket = child.stdio[3];
  expect(takeLane(child, 3)).toBe(socket);
  expect(child.stdio[3]).toBeNull();
  expect(takeLane(child, undefined)).toBeUndefined();
  expect(takeLane(child, 9)).toBeUndefined();
  socket?.destroy();
  child.kill();
  await once(child, 'exit');
});
