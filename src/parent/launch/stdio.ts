import type { ChildProcess, StdioOptions } from 'node:child_process';
import type { Socket } from 'node:net';
import { eventDriven, inheritsSockets } from '../../channel/child-socket.js';
import { takeSocket } from '../../channel/inherited.js';
import type { ChildOptions } from '../options/child-options.js';
import type { Runtime } from './runtime.js';

type Descriptors = Exclude<StdioOptions, string>;

/** The child's ends of the sockets besides the channel. The parent's ends are in `process.stdio`. */
export interface SocketDescriptors {
  /** A socket on which the child can block. */
  syncDescriptor: number | undefined;
  /** A socket for the content of streams. */
  dataDescriptor: number | undefined;
}

/** Lays out the child's descriptors: its standard streams, the channel, and the sockets. */
export function layOutDescriptors(options: ChildOptions): SocketDescriptors & { stdio: Descriptors } {
  const stdio = [...withIpc(options.stdio)];
  const hasSockets = options.runtime !== 'other' && inheritsSockets(options.runtime === 'node');
  const dataDescriptor = hasSockets ? stdio.push(eventDriven) - 1 : undefined;
  const syncDescriptor =
    hasSockets && options.callbacks && canBlock.has(options.runtime) ? stdio.push('pipe') - 1 : undefined;
  return { stdio, syncDescriptor, dataDescriptor };
}

/** Runtimes in which a process can block on a descriptor. */
const canBlock = new Set<Runtime>(['node', 'bun']);

/** Adds the channel after stdin, stdout and stderr. On one of those, the child's output would be mistaken for messages. */
function withIpc(stdio: StdioOptions): Descriptors {
  if (typeof stdio === 'string') return [stdio, stdio, stdio, 'ipc'];
  if (stdio.includes('ipc')) return stdio;
  const standard = Array.from({ length: 3 }, (_, index) => stdio[index] ?? 'inherit');
  return [...standard, ...stdio.slice(3), 'ipc'];
}

/** Takes this side's end of a socket besides the channel, which alone keeps this process alive. `undefined` if Node could not open it. */
export function takeLane(child: ChildProcess, descriptor: number | undefined): Socket | undefined {
  return descriptor === undefined ? undefined : takeSocket(child, descriptor)?.unref();
}
