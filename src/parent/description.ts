import { ProtocolError } from '../errors.js';
import type { InstanceDescription } from '../protocol.js';
import { isString } from '../field-checks.js';
import { isPairs } from '../session/wire/message-shape.js';

/**
 * What a child says of its instance is not trusted either.
 * @throws {ProtocolError}
 */
export function checkDescription(reply: unknown): InstanceDescription {
  const { methods, unmirrored, disposable, emitter } = (reply ?? {}) as Partial<InstanceDescription>;
  const sound =
    Array.isArray(methods) &&
    methods.every(isString) &&
    Array.isArray(unmirrored) &&
    isPairs(unmirrored, isString) &&
    typeof disposable === 'boolean' &&
    typeof emitter === 'boolean';
  if (!sound) throw new ProtocolError('The child described its instance in a way that the protocol does not know.');
  return { methods, unmirrored, disposable, emitter };
}
