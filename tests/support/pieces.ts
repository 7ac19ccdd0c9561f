import { expect } from 'vitest';
import type { Piece } from '../../src/channel/data-decoder.js';

/**
 * Puts pieces of chunks together: what a stream sees, and where its chunks end. Other entries stay as they are.
 * @param log pieces and messages in the order in which they arrived
 */
export function joinPieces(log: readonly unknown[]): unknown[] {
  const chunks: unknown[] = [];
  let open: Buffer[] = [];
  for (const entry of log) {
    const { bytes, isFirst, isLast, streamId } = entry as Piece;
    if (streamId === undefined) chunks.push(entry);
    else {
      expect(isFirst).toBe(open.length === 0);
      open.push(bytes);
      if (isLast) {
        chunks.push([streamId, Buffer.concat(open).toString()]);
        open = [];
      }
    }
  }
  expect(open).toEqual([]);
  return chunks;
}
