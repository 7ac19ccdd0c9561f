import type { Attributes } from '@opentelemetry/api';
import { isString } from '../field-checks.js';
import type { DescribedCall } from '../instrumentation.js';
import { isError } from '../realm.js';

/**
 * The names that OpenTelemetry's semantic conventions for RPC give, version 1.45. They are written out, since the package with these
 * constants would be one more dependency.
 */
const RPC_SYSTEM = 'rpc.system.name';
const RPC_METHOD = 'rpc.method';
export const ERROR_TYPE = 'error.type';
/** Our own names, for what the conventions do not cover. */
export const CLASS = 'procxy.class';
export const EVENT = 'procxy.event';
export const REASON = 'procxy.reason';

/** The name of the instrumentation, and of the system that makes the calls. */
export const SYSTEM = 'procxy';

/** The complete name of a method, such as `Indexer/search`. A function has only its own name. */
export function fullName({ className, method }: DescribedCall): string {
  return className ? `${className}/${method}` : method;
}

export function callAttributes(call: DescribedCall): Attributes {
  return { [RPC_SYSTEM]: SYSTEM, [RPC_METHOD]: fullName(call) };
}

/** Returns the kind of an error. The conventions ask for a small set of values, so it is never the message. */
export function errorType(error: unknown): string {
  if (!isError(error)) return typeof error;
  const { name, code } = error as { name?: unknown; code?: unknown };
  if (isString(name) && name !== 'Error') return name;
  return isString(code) ? code : 'Error';
}
