import { closeSync } from 'node:fs';
import { isHandle } from '../codec/handle-codec.js';
import { HandleTransferError } from '../errors.js';
import { show } from '../options/show.js';
import type { PassableHandle } from '../types/serializable.js';
import { describeDescriptor } from './file-descriptor.js';

/** How a handle reaches the instance: a method of the agent, its first argument, and what to do here afterwards. */
export interface HandOver {
  method: '$sendHandle' | '$sendDescriptor';
  argument: unknown;
  finish(): void;
}

/** @throws {HandleTransferError} for a value that is not a handle, or cannot be handed over */
export function handOver(handle: PassableHandle): HandOver {
  if (typeof handle === 'number') {
    return { method: '$sendDescriptor', argument: describeDescriptor(handle), finish: () => closeSync(handle) };
  }
  if (isHandle(handle)) return { method: '$sendHandle', argument: handle, finish: () => {} };
  throw new HandleTransferError(
    `$sendHandle() needs a net.Socket, a net.Server, a dgram.Socket or the number of a file descriptor, but got ${show(handle)}.`,
  );
}
