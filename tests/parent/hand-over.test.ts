import { openSync } from 'node:fs';
import { Server } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { HandleTransferError } from '../../src/errors.js';
import { handOver } from '../../src/parent/hand-over.js';

test('a socket or server is sent as itself, and nothing is left to do', () => {
  const server = new Server();
  expect(handOver(server)).toMatchObject({ method: '$sendHandle', argument: server });
});

test('a descriptor is sent as a reference to its file, and closed afterwards', () => {
  const descriptor = openSync(fileURLToPath(import.meta.url), 'r');
  const { method, argument, finish } = handOver(descriptor);
  expect([method, argument]).toMatchObject(['$sendDescriptor', { path: expect.stringContaining(String(descriptor)) }]);
  finish();
  expect(() => handOver(descriptor)).toThrow(HandleTransferError);
});

test('other values are refused', () => {
  for (const value of ['3', null, {}]) expect(() => handOver(value as never)).toThrow(HandleTransferError);
});
