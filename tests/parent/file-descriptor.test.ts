import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HandleTransferError } from '../../src/errors.js';
import { describeDescriptor } from '../../src/parent/file-descriptor.js';

const folder = mkdtempSync(join(tmpdir(), 'procxy-file-descriptor-'));
const file = join(folder, 'file.txt');
afterAll(() => rmSync(folder, { recursive: true }));

test('another descriptor of the same file can be opened by it', () => {
  const descriptor = openSync(file, 'w+');
  writeSync(descriptor, 'written here');
  const { path, flags } = describeDescriptor(descriptor);
  expect(readFileSync(path, 'utf8')).toBe('written here');
  expect(flags & constants.O_RDWR).toBe(constants.O_RDWR);
  closeSync(descriptor);
});

test('the flags are those of the descriptor', () => {
  const descriptor = openSync(file, 'a');
  const { flags } = describeDescriptor(descriptor);
  expect(flags & constants.O_APPEND).toBe(constants.O_APPEND);
  expect(flags & (constants.O_WRONLY | constants.O_RDWR)).toBe(constants.O_WRONLY);
  closeSync(descriptor);
});

describe('a descriptor that no other process can open is refused', () => {
  test.each([
    ['a number that nothing is open at', () => 99_999],
    ['a folder', () => openSync(folder, 'r')],
    ['a device', () => openSync('/dev/null', 'r')],
  ])('%s', (_name, open) => {
    const descriptor = open();
    expect(() => describeDescriptor(descriptor)).toThrow(HandleTransferError);
    expect(() => describeDescriptor(descriptor)).toThrow(String(descriptor));
    if (descriptor !== 99_999) closeSync(descriptor);
  });
});
