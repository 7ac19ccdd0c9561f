import { ProtocolError } from '../errors.js';
import type { Wire } from '../protocol.js';
import type { EncodeContext, TransferHandler } from './transfer-handlers.js';

/** An event of an `EventTarget` on the wire: its plain data, without its target. */
interface WireEvent {
  type: string;
  bubbles: boolean;
  cancelable: boolean;
  composed: boolean;
  /** Own properties, and accessors of subclasses of `Event`, such as `detail`, `data` and `code`. */
  properties: Record<string, Wire>;
}

/** Carries an event, so that a function of the other side can be a listener of an `EventTarget`. */
export function eventHandler(): TransferHandler<Event> {
  return {
    name: 'event',
    canHandle: (value): value is Event => value instanceof Event,
    encode(event, context): WireEvent {
      const { type, bubbles, cancelable, composed } = event;
      return { type, bubbles, cancelable, composed, properties: properties(event, context) };
    },
    decode(wire, context) {
      const { type, properties: carried, ...flags } = check(wire);
      const event = 'detail' in carried ? new CustomEvent(type, flags) : new Event(type, flags);
      for (const [key, value] of Object.entries(carried)) {
        Object.defineProperty(event, key, { value: context.decode(value), enumerable: true, configurable: true });
      }
      return event;
    },
  };
}

/** Encodes the properties of an event that can cross. Leaves out others, such as a view or a port. */
function properties(event: Event, context: EncodeContext): Record<string, Wire> {
  const carried: Record<string, Wire> = Object.create(null) as Record<string, Wire>;
  for (const name of propertyNames(event)) {
    const part = context.tryEncode(read(event, name), name, 2);
    if (part.crosses) carried[name] = part.wire;
  }
  return carried;
}

function propertyNames(event: Event): Set<string> {
  const names = new Set(Object.keys(event).filter((name) => name !== 'isTrusted'));
  let level = Object.getPrototypeOf(event) as object | null;
  for (; level && level !== Event.prototype; level = Object.getPrototypeOf(level) as object | null) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(level))) if (get) names.add(name);
  }
  return names;
}

/** Reads a property. A getter that throws counts as `undefined`. */
function read(event: Event, name: string): unknown {
  try {
    return (event as unknown as Record<string, unknown>)[name];
  } catch {
    return undefined;
  }
}

function check(wire: Wire): WireEvent {
  const { type, bubbles, cancelable, composed, properties: carried } = (wire ?? {}) as Partial<WireEvent>;
  const flags = [bubbles, cancelable, composed];
  const sound =
    typeof type === 'string' &&
    flags.every((flag) => typeof flag === 'boolean') &&
    typeof carried === 'object' &&
    carried !== null;
  if (!sound) throw new ProtocolError('An event arrived malformed.');
  return wire as WireEvent;
}
