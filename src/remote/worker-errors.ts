import type { ProcxyError } from '../errors.js';
import { HostError, HostLostError } from '../host-errors.js';
import type { LinkEnd } from './link/link-options.js';

/** Makes the error of a call that an instance on a host cannot answer any more. */
export type Failure = (method: string, advice: string) => ProcxyError;

/**
 * The host makes no instance. This concerns `procxy()`, and not the steps of the start, which are calls too.
 * @param id of the host
 */
export function refusedError(id: string, reason: string): Failure {
  return () => new HostError(`The host ${id} refused: ${reason}.`);
}

/** The link to a host has ended before its instance did. */
export function lostError(end: LinkEnd, host: { id: string; name: string; lease: number }): Failure {
  const why: Record<LinkEnd['why'], string> = {
    closed: 'was closed',
    refused: 'does not know this instance any more',
    silent: `was not heard for ${host.lease} ms`,
    gone: 'is gone',
    backlog: 'is too slow: more than 64 MiB wait to be sent to it',
    violation: 'broke the protocol',
    forbidden: 'hears nothing of this client, which NATS does not let publish to it',
  };
  return (method, advice) =>
    new HostLostError(`${method}(): the host ${host.name} ${why[end.why]}. ${advice}`, host.id);
}
