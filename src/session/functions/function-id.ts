import { v4 } from 'uuid';

/** Makes the id of a function, a UUID. Without the global `crypto`, which a flag removes from Node 20, Node's own module makes it random. */
export function functionId(): string {
  if (typeof crypto !== 'undefined') return v4();
  return v4({ random: process.getBuiltinModule('node:crypto').randomBytes(16) });
}
