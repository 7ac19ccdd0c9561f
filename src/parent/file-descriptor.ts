import { fstatSync, readFileSync } from 'node:fs';
import { HandleTransferError } from '../errors.js';
import type { DescriptorReference } from '../protocol.js';

/**
 * Describes how another process can open the file of a descriptor of this process, through Linux's /proc.
 * @throws {HandleTransferError} on other platforms, or if it is not a regular file
 */
export function describeDescriptor(descriptor: number): DescriptorReference {
  if (process.platform !== 'linux') {
    throw new HandleTransferError(
      `A file descriptor can only be moved on Linux, but got the platform ${process.platform}. Pass the path instead.`,
    );
  }
  let isFile: boolean;
  try {
    isFile = fstatSync(descriptor).isFile();
  } catch (error) {
    throw new HandleTransferError(`${descriptor} is not an open file descriptor.`, { cause: error });
  }
  if (!isFile)
    throw new HandleTransferError(
      `The descriptor ${descriptor} is not a regular file. Pass its stream or socket instead.`,
    );
  const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8'))?.[1] ?? '0';
  return { path: `/proc/${process.pid}/fd/${descriptor}`, flags: Number.parseInt(flags, 8) };
}
