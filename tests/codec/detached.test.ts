import { expect, test } from 'vitest';
import { isDetached } from '../../src/codec/detached.js';

const transferred = <T extends { buffer: ArrayBufferLike }>(view: T): T => {
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });
  return view;
};

test('bytes that were transferred are detached, whatever view there is of them', () => {
  expect(isDetached(transferred(new Uint8Array(8)))).toBe(true);
  expect(isDetached(transferred(new Float64Array(1)))).toBe(true);
  expect(isDetached(transferred(new DataView(new ArrayBuffer(8))))).toBe(true);
  expect(isDetached(transferred(new Uint8Array(0)))).toBe(true);
  expect(isDetached(transferred(new Uint8Array(8)).buffer)).toBe(true);
});

test('bytes that are empty, shared or still here are not', () => {
  const here = [
    new Uint8Array(0),
    new DataView(new ArrayBuffer(0)),
    new ArrayBuffer(0),
    Buffer.from('x'),
    new Uint8Array(8),
  ];
  for (const value of [...here, new Uint8Array(new SharedArrayBuffer(0)), {}, [], new Date()]) {
    expect(isDetached(value)).toBe(false);
  }
});
