import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { barrierBefore, checkUser, showUser } from '../../../src/parent/launch/user.js';

describe('what is between a user and a file', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-user-'));
    chmodSync(folder, 0o755);
    mkdirSync(join(folder, 'inner'));
    file = join(folder, 'inner', 'file.js');
    writeFileSync(file, '');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const stranger = { uid: 4711, gid: 4711 };
  const owner = { uid: process.getuid?.(), gid: 4711 };
  const sameGroup = { uid: 4711, gid: process.getgid?.() };

  test.each([
    ['nothing', 0o755, 0o644, { stranger: undefined, owner: undefined, sameGroup: undefined }],
    ['the file', 0o755, 0o600, { stranger: 'file', owner: undefined, sameGroup: 'file' }],
    ['the directory', 0o700, 0o644, { stranger: 'inner', owner: undefined, sameGroup: 'inner' }],
    ['what the group may do', 0o750, 0o640, { stranger: 'inner', owner: undefined, sameGroup: undefined }],
  ] as const)('%s', (_what, directoryMode, fileMode, expected) => {
    chmodSync(join(folder, 'inner'), directoryMode);
    chmodSync(file, fileMode);
    const places = { inner: join(folder, 'inner'), file };
    const place = (name: keyof typeof places | undefined): string | undefined => name && places[name];
    expect(barrierBefore(file, stranger)).toBe(place(expected.stranger));
    expect(barrierBefore(file, owner)).toBe(place(expected.owner));
    expect(barrierBefore(file, sameGroup)).toBe(place(expected.sameGroup));
    expect(barrierBefore(file, { uid: 0, gid: undefined })).toBeUndefined();
  });
});

test('the options are shown as they were given', () => {
  expect(showUser({ uid: 1, gid: undefined })).toBe('{ uid: 1 }');
  expect(showUser({ uid: 1, gid: 2 })).toBe('{ uid: 1, gid: 2 }');
});

test('only Windows has no such users', () => {
  const { platform } = process;
  try {
    Object.defineProperty(process, 'platform', { value: 'win32' });
    expect(() => checkUser({ uid: undefined, gid: 2 })).toThrow(
      'The options `uid` and `gid` need a POSIX system, but got { gid: 2 } on Windows. Leave them out.',
    );
    expect(() => checkUser({ uid: undefined, gid: undefined })).not.toThrow();
  } finally {
    Object.defineProperty(process, 'platform', { value: platform });
  }
  expect(() => checkUser({ uid: 1, gid: 2 })).not.toThrow();
});
