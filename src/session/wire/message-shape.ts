import { isCount, isId, isMark, isString } from '../../field-checks.js';
import type { Message } from '../../protocol.js';

/** A check for each field of a message. */
type Shape = Record<string, (value: unknown) => boolean>;

const isOutcome = (value: unknown): boolean => value === 'success' || value === 'error';
const isCoded = (value: unknown): boolean =>
  value === undefined || value === true || (Array.isArray(value) && value.every((id) => isString(id) || isId(id)));

const isOptionalString = (value: unknown): boolean => value === undefined || isString(value);
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);

export function isPairs(value: unknown, isSecond: (second: unknown) => boolean): boolean {
  const isPair = (pair: unknown): boolean => Array.isArray(pair) && isString(pair[0]) && isSecond(pair[1]);
  return value === undefined || (Array.isArray(value) && value.every(isPair));
}

function isEarly(value: unknown): boolean {
  if (value === undefined) return true;
  const { from, messages } = (value ?? {}) as { from?: unknown; messages?: unknown };
  return isCount(from) && Array.isArray(messages);
}

function isEvent(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return isString(value);
  const { key, description } = value as { key?: unknown; description?: unknown };
  return isString(key ?? description);
}

function isHandleDescription(value: unknown): boolean {
  const { kind, type, allowHalfOpen, pauseOnConnect } = (value ?? {}) as Record<string, unknown>;
  if (kind === 'dgram') return type === 'udp4' || type === 'udp6';
  const isSocket = kind === 'socket' && typeof allowHalfOpen === 'boolean';
  return isSocket || (kind === 'server' && typeof allowHalfOpen === 'boolean' && typeof pauseOnConnect === 'boolean');
}

const isTrace = (value: unknown): boolean =>
  value === undefined || (typeof value === 'object' && value !== null && Object.values(value).every(isString));

const fieldsOf: Record<Message['type'], Shape> = {
  'call-invoke': {
    callId: isId,
    target: (value) => value === undefined || value === 'agent' || value === 'symbol',
    method: isString,
    args: Array.isArray,
    coded: isCoded,
    trace: isTrace,
  },
  'call-result': {
    callId: isId,
    result: isOutcome,
    coded: isCoded,
  },
  'callback-invoke': {
    callbackId: isString,
    args: Array.isArray,
    invokeId: isId,
    after: (value) => value === undefined || isCount(value),
    early: isEarly,
    coded: isCoded,
    trace: isTrace,
  },
  'callback-result': { invokeId: isId, result: isOutcome, coded: isCoded },
  'callback-cleanup': { callbackId: isString, count: isId },
  'callback-release': { callbackId: isString },
  'callback-collect': {},
  'callback-collected': {},
  'callback-failed': { name: isString, reason: isString },
  'reference-invoke': {
    callId: isId,
    referenceId: isString,
    kind: (value) => value === undefined || value === 'property' || value === 'symbol',
    method: isString,
    args: Array.isArray,
    coded: isCoded,
    trace: isTrace,
  },
  'result-invoke': {
    callId: isId,
    resultOf: isId,
    method: isString,
    args: Array.isArray,
    coded: isCoded,
    trace: isTrace,
  },
  'results-read': { callId: isId },
  'reference-shape': {
    shapeId: isId,
    className: isString,
    methods: isStrings,
    symbols: isStrings,
    properties: isStrings,
    emitter: isMark,
  },
  'reference-cleanup': { referenceId: isString, count: isId },
  'stream-pull': { streamId: isId, credit: isId },
  'stream-step': {
    streamId: isId,
    method: (value) => value === 'next' || value === 'return' || value === 'throw',
    coded: isCoded,
  },
  'stream-data': {
    streamId: isId,
    items: Array.isArray,
    answer: isMark,
    bytes: (value) => value === undefined || isString(value),
    coded: isCoded,
  },
  'stream-end': { streamId: isId, result: isOutcome, answer: isMark, unasked: isMark, coded: isCoded },
  'stream-close': { streamId: isId, result: isOutcome, coded: isCoded },
  'stream-drop': { streamId: isId },
  'signal-abort': { signalId: isId, coded: isCoded },
  'signal-release': { signalId: isId },
  heartbeat: {},
  'messages-watched': {},
  'child-fatal': { coded: isCoded },
  'handle-transfer': { handleId: isId, handle: isHandleDescription },
  'handle-received': { handleId: isId },
  'handle-kept': { handleId: isId },
  'property-update': {
    set: (value) => isPairs(value, () => true),
    unavailable: (value) => isPairs(value, isString),
    removed: (value) => value === undefined || isStrings(value),
    coded: isCoded,
  },
  'event-subscribe': { event: isEvent, referenceId: isOptionalString },
  'event-unsubscribe': { event: isEvent, referenceId: isOptionalString },
  'event-unsubscribed': { event: isEvent, referenceId: isOptionalString },
  'event-emit': {
    event: isEvent,
    referenceId: isOptionalString,
    args: Array.isArray,
    coded: isCoded,
    trace: isTrace,
  },
  'event-failed': { event: isEvent, referenceId: isOptionalString, coded: isCoded },
};

const shapes = new Map<string, [name: string, check: (value: unknown) => boolean][]>(
  Object.entries(fieldsOf).map(([type, shape]) => [type, Object.entries(shape)]),
);

/** Whether a message on the channel is ours. Others belong to the user or to Node. */
export function isOurs(message: unknown): message is { type: Message['type'] } {
  const type = (message as { type?: unknown } | null)?.type;
  return typeof type === 'string' && shapes.has(type);
}

/** Returns the name of the first malformed field. */
export function findMalformedField(message: { type: Message['type'] }): string | undefined {
  const fields = message as Record<string, unknown>;
  for (const [name, check] of shapes.get(message.type) ?? []) if (!check(fields[name])) return name;
  return undefined;
}
