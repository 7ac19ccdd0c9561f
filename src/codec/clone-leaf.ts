import { types } from 'node:util';

/** Leaves: what V8 copies whole, without properties of its own to look at. */
export function isLeaf(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    types.isArrayBuffer(value) ||
    types.isDate(value) ||
    types.isRegExp(value) ||
    (types.isBoxedPrimitive(value) && !types.isSymbolObject(value))
  );
}
