import { isObject } from '../is-object.js';
import type { CallbackRequest, LoadRequest, MirrorRequest, ReferenceRequest } from '../protocol.js';
import type { ClientRequest, Open } from './control.js';

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads what a client decides of its instance. Only fields that are known, and have the right types, go on to the agent.
 *
 * @returns `undefined` for anything else
 */
export function readRequest(value: unknown): ClientRequest | undefined {
  if (!isObject(value)) return undefined;
  const { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout, trace } = value as Fields;
  const isSound =
    isOptional('string', create) &&
    (serialization === 'json' || serialization === 'advanced') &&
    (callbacks === undefined || isLimited(callbacks)) &&
    (references === undefined || isLimited(references)) &&
    (mirror === undefined || isMirror(mirror)) &&
    isOptional('number', heartbeat) &&
    isOptional('number', terminateTimeout) &&
    (trace === undefined || isTrace(trace));
  if (!isSound) return undefined;
  return {
    create: create as string | undefined,
    serialization: serialization as LoadRequest['serialization'],
    callbacks: callbacks === undefined ? undefined : limited(callbacks as CallbackRequest),
    references: references === undefined ? undefined : referencesOf(references as ReferenceRequest),
    mirror: mirror === undefined ? undefined : mirrorOf(mirror as MirrorRequest),
    heartbeat: heartbeat as number | undefined,
    terminateTimeout: terminateTimeout as number | undefined,
    trace: trace as LoadRequest['trace'],
  };
}

function isOptional(type: 'string' | 'number', value: unknown): boolean {
  return value === undefined || typeof value === type;
}

function isLimited(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { limit, timeout } = value as Fields;
  return typeof limit === 'number' && isOptional('number', timeout);
}

function limited({ limit, timeout }: CallbackRequest): { limit: number; timeout?: number } {
  return { limit, ...(timeout !== undefined && { timeout }) };
}

function referencesOf(request: ReferenceRequest): ReferenceRequest {
  return { ...limited(request), ...(request.automatic && { automatic: true }) };
}

function mirrorOf({ names, limit }: MirrorRequest): MirrorRequest {
  return { names, limit };
}

function isMirror(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { names, limit } = value as Fields;
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return (names === 'own' || names === 'none' || isList) && typeof limit === 'number';
}

/** What a propagator of OpenTelemetry writes: texts by name. */
function isTrace(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((text) => typeof text === 'string');
}

/** Reads the call that asks an agent for its class. */
export function openOf(message: object): Pick<Open, 'callId' | 'request'> | undefined {
  const { type, target, method, callId, args } = message as Record<string, unknown>;
  if (type !== 'call-invoke' || target !== 'agent' || method !== 'import') return undefined;
  const [load] = args as [LoadRequest];
  const { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout, trace } = load;
  const request = { create, serialization, callbacks, references, mirror, heartbeat, terminateTimeout, trace };
  return { callId: callId as number, request };
}
