import { EventEmitter } from 'node:events';
import { PropertyError } from '../errors.js';

/**
 * Finds the symbol with this description: a well-known symbol, one of Node's `EventEmitter`, a static field of the class or its
 * ancestors, or an export of the class's module.
 * @throws {PropertyError} if there is no such symbol, or more than one
 */
export function findSymbol(description: string, type: object, namespace: object): symbol {
  const found = new Set<symbol>();
  for (const holder of [Symbol, EventEmitter, ...ancestry(type), ...moduleHolders(namespace)]) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(holder)) as PropertyDescriptor[]) {
      if (typeof value === 'symbol' && value.description === description) found.add(value);
    }
  }
  const [symbol, ...others] = found;
  if (symbol !== undefined && others.length === 0) return symbol;
  const which = symbol === undefined ? 'No symbol' : 'More than one symbol';
  throw new PropertyError(
    `${which} Symbol('${description}') is exported by the class's module or kept in a static field of the class. Use Symbol.for(key).`,
  );
}

function* ancestry(type: object): Generator<object> {
  for (let level: object | null = type; typeof level === 'function'; level = Object.getPrototypeOf(level) as object)
    yield level;
}

/** The namespace, and its `default` export, where CommonJS and transpilers put the exports. */
function moduleHolders(namespace: object): object[] {
  const { default: inner } = namespace as { default?: unknown };
  return (typeof inner === 'object' && inner !== null) || typeof inner === 'function'
    ? [namespace, inner]
    : [namespace];
}
