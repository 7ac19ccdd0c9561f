import { OptionsValidationError } from '../errors.js';
import { clusterBrand, type Labels, type ResolvedHost } from '../options/host.js';
import type { SerializationMode } from '../types/serializable.js';
import type { Worker } from './worker.js';

/** What a cluster must know to run an instance. */
export interface HostRequest {
  /** The name under which hosts offer the class. */
  name: string;
  where: Labels;
  version: string | undefined;
  serialization: SerializationMode;
}

/** The part of a cluster that users do not see. */
export interface WorkerSource {
  /** Makes the worker at once. A host is looked for when its instance is requested. */
  [clusterBrand](request: HostRequest): Worker;
}

/** @throws {OptionsValidationError} if nothing names the class */
export function startOnHost(
  { cluster, name, where = {}, version }: ResolvedHost,
  className: string,
  serialization: SerializationMode,
): Worker {
  const known = name ?? className;
  if (known === '') {
    throw new OptionsValidationError(
      'An anonymous class has no name by which a host could know it. Name it: { host: { cluster, name } }.',
    );
  }
  return (cluster as unknown as WorkerSource)[clusterBrand]({ name: known, where, version, serialization });
}
