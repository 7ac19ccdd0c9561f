import { wellKnownSymbols } from '../codec/members.js';
import { ProtocolError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';
import { isString } from '../field-checks.js';
import { isPairs } from '../session/wire/message-shape.js';

/**
 * Checks the description of an instance, since the child is not trusted.
 * @throws {ProtocolError} if it is malformed
 */
export function checkDescription(reply: unknown): InstanceDescription {
  const { methods, unmirrored, disposable, emitter, symbols = [] } = (reply ?? {}) as Partial<InstanceDescription>;
  const sound =
    Array.isArray(methods) &&
    methods.every(isString) &&
    Array.isArray(unmirrored) &&
    isPairs(unmirrored, isString) &&
    typeof disposable === 'boolean' &&
    typeof emitter === 'boolean' &&
    Array.isArray(symbols) &&
    symbols.every((name) => isString(name) && Object.hasOwn(wellKnownSymbols, name));
  if (!sound) throw new ProtocolError('The child sent a malformed description of its instance.');
  return { methods, unmirrored, disposable, emitter, symbols };
}
