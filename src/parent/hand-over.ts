import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { isHandle } from '../codec/handle-codec.js';
import { HandleTransferError } from '../errors.js';
import type { DescriptorReference } from '../protocol.js';
import type { PassableHandle } from '../types/serializable.js';

/** How a handle reaches the instance: a method of the agent, its first argument, and what is done here afterwards. */
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
  throw new HandleTransferError('$sendHandle() takes a net.Socket, a net.Server, a dgram.Socket or a file descriptor.');
}

/** How another process opens the file behind a descriptor of this one, by way of Linux's /proc. */
function describeDescriptor(descriptor: number): DescriptorReference {
  if (process.platform !== 'linux') {
    throw new HandleTransferError(
      `A file descriptor moves on Linux only; this is ${process.platform}. Pass the path instead.`,
    );
  }
  let isFile: boolean;
  try {
    isFile = fstatSync(descriptor).isFile();
  } catch (error) {
    throw new HandleTransferError(`${descriptor} is no open file descriptor.`, { cause: error });
  }
  if (!isFile)
    throw new HandleTransferError(
      `The descriptor ${descriptor} is no regular file. Pass its stream or socket instead.`,
    );
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0';
  return { path: `/proc/${process.pid}/fd/${descriptor}`, flags: Number.parseInt(flags, 8) };
}
