import { fstatSync, readFileSync } from 'node:fs';
import { HandleTransferError } from '../errors.js';
import type { DescriptorReference } from '../protocol.js';

/**
 * How another process opens what is behind a descriptor of this one, by way of Linux's /proc.
 * @throws {HandleTransferError} where that is not possible, or it is no regular file
 */
export function describeDescriptor(descriptor: number): DescriptorReference {
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
