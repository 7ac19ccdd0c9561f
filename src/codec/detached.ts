import { types } from 'node:util';

/** Whether a buffer was transferred elsewhere. What is left is empty, and would arrive empty. */
export function isDetached(value: object): boolean {
  if (types.isDataView(value)) return !canRead(() => value.byteLength);
  const isBytes = ArrayBuffer.isView(value) || types.isArrayBuffer(value);
  if (!isBytes || value.byteLength > 0) return false;
  const buffer = ArrayBuffer.isView(value) ? value.buffer : value;
  return !canRead(() => new Uint8Array(buffer));
}

/** Node 20 has no `ArrayBuffer.prototype.detached`. */
function canRead(action: () => unknown): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
