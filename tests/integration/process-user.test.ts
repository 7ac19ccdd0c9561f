import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ModuleResolutionError, procxy, type Procxy, type ProcxyOptions } from 'procxy';
import { Placed } from '../fixtures/placed.js';
import { SyncUser } from '../fixtures/sync-user.js';
import { makeApp } from '../support/packed.js';

const file = fileURLToPath(new URL('../fixtures/placed.js', import.meta.url));
const own = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
/** A privileged process changes to a user without rights. Another process can only name its own user. */
const isRoot = own.uid === 0;
const other = isRoot ? { uid: 65534, gid: 65534 } : own;
const outcome = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

/** An app that every user can read, with the Node that runs this test: that may lie where only this user can reach it. */
let app: string;
const { execPath: ownNode } = process;
beforeAll(async () => {
  app = await makeApp({
    'package.json': '{ "type": "module" }',
    'main.js': `
      import { procxy } from 'procxy';
      import { Placed } from './placed.js';
      const options = JSON.parse(process.argv[2]);
      const placed = await procxy(Placed, './placed.js', options).catch((error) => error);
      console.log(placed instanceof Error ? placed.name + ': ' + placed.message : JSON.stringify(await placed.user()));
      if (!(placed instanceof Error)) await placed.$terminate();`,
  });
  copyFileSync(file, join(app, 'placed.js'));
  chmodSync(app, 0o755);
  process.execPath = join(app, 'node');
  copyFileSync(ownNode, process.execPath);
  chmodSync(process.execPath, 0o755);
});
afterAll(() => {
  process.execPath = ownNode;
  rmSync(app, { recursive: true });
});

const start = (options: ProcxyOptions): Promise<Procxy<Placed>> => procxy(Placed, join(app, 'placed.js'), options);
/** Runs the app's program as a user who may change to no other. */
function runUnprivileged(options: object): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['main.js', JSON.stringify(options)], {
    cwd: app,
    encoding: 'utf8',
    ...(isRoot && other),
  });
  return stdout + stderr;
}

describe.each(['ipc', 'socket'] as const)('uid and gid, by %s', (channel) => {
  test('are those of the child, which has no other groups', async () => {
    await using placed = await start({ ...other, channel });
    const { groups, ...user } = await placed.user();
    expect(user).toEqual(other);
    if (isRoot) expect(groups).toEqual([other.gid]);
  });

  test('do not affect sync() functions and streams of bytes', async () => {
    copyFileSync(fileURLToPath(new URL('../fixtures/sync-user.js', import.meta.url)), join(app, 'sync-user.js'));
    const helper = 'collect-garbage.js';
    copyFileSync(fileURLToPath(new URL(`../fixtures/${helper}`, import.meta.url)), join(app, helper));
    await using user = await procxy(SyncUser, join(app, 'sync-user.js'), { ...other, channel, enableCallbacks: true });
    const { sync } = await import('procxy');
    expect(
      await user.sort(
        [3, 1, 2],
        sync((a: number, b: number) => a - b),
      ),
    ).toEqual([1, 2, 3]);
  });
});

describe('uid and gid', () => {
  test('of a process that may not change them are named in the error', () => {
    const text = runUnprivileged({ uid: isRoot ? 0 : own.uid + 1, gid: 7 });
    expect(text).toMatch(/^ChildCrashedError: The child process could not be started: .*EPERM\. Only a privileged/);
    expect(text).toContain('`uid` and `gid`');
    expect(runUnprivileged({ gid: 0 })).toContain('but got { gid: 0 }');
  });

  test('that are those of this process need no privilege', () => {
    expect(JSON.parse(runUnprivileged(other))).toMatchObject(other);
  });

  test('of a user who may not run the executable are named in the error', async () => {
    const execPath = join(app, 'locked', 'node');
    mkdirSync(join(app, 'locked'));
    writeFileSync(execPath, '#!/bin/sh\nexec true\n', { mode: 0o755 });
    chmodSync(join(app, 'locked'), isRoot ? 0o700 : 0o000);
    const error = await outcome(start({ ...other, execPath }));
    chmodSync(join(app, 'locked'), 0o700);
    expect(error).toMatchObject({ name: 'ChildCrashedError', cause: { code: 'EACCES' } });
    expect((error as Error).message).toContain(
      `Let the user and group of { uid: ${other.uid}, gid: ${other.gid} } run`,
    );
  });

  test('of a user who may not read the module: the error names the user and the barrier', async () => {
    const folder = join(app, 'private');
    mkdirSync(folder);
    copyFileSync(file, join(folder, 'placed.js'));
    for (const [path, mode] of [
      [join(folder, 'placed.js'), 0o600],
      [folder, 0o700],
    ] as const) {
      if (!isRoot) continue;
      chmodSync(path, mode);
      const error = await outcome(procxy(Placed, join(folder, 'placed.js'), other));
      expect(error).toBeInstanceOf(ModuleResolutionError);
      expect((error as Error).message).toContain(`The child runs as the user ${other.uid}, who may not read it.`);
      chmodSync(path, 0o755);
    }
    expect(await (await start(other)).$terminate()).toBeUndefined();
  });

  test('of a user who may not enter `cwd`: the error names the option', async () => {
    const folder = join(app, 'closed');
    mkdirSync(folder);
    chmodSync(folder, isRoot ? 0o700 : 0o000);
    const error = await outcome(start({ ...other, cwd: folder }));
    chmodSync(folder, 0o700);
    expect(error).toMatchObject({ name: 'OptionsValidationError', cause: { code: 'EACCES' } });
    expect((error as Error).message).toContain(
      `The option \`cwd\` must be a directory that the child may enter, but got '${folder}'`,
    );
  });

  test('of another user keep a child from signals to its parent, which permissions allow', async () => {
    const permissions = { read: [app] };
    await using plain = await start({ permissions });
    expect(await plain.maySignalParent()).toBe(true);
    await using confined = await start({ ...other, permissions });
    expect(await confined.maySignalParent()).toBe(isRoot ? 'EPERM' : true);
  });

  test('decide whether a child that was started ahead fits', async () => {
    await procxy.warm(1, other);
    try {
      await using plain = await start({});
      expect(await plain.user()).toMatchObject(own);
      await using taken = await start(other);
      expect(await taken.user()).toMatchObject(other);
    } finally {
      await procxy.warm(0, other);
    }
  });

  test.each([
    [
      { uid: -1 },
      '`uid` must be a whole number from 0 to 2147483647, but got -1. Give the number that `id -u` prints.',
    ],
    [{ uid: 'nobody' }, "`uid` must be a whole number from 0 to 2147483647, but got 'nobody'"],
    [{ gid: 2 ** 31 }, '`gid` must be a whole number from 0 to 2147483647, but got 2147483648'],
    [{ gid: 1.5 }, '`gid` must be a whole number from 0 to 2147483647, but got 1.5'],
  ])('%o is refused', async (options, message) => {
    const error = await outcome(start(options as ProcxyOptions));
    expect(error).toMatchObject({ name: 'OptionsValidationError' });
    expect((error as Error).message).toContain(message);
  });
});
