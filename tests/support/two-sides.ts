import { memoryLane } from '../../src/channel/memory-lane.js';
import { memoryChannelPair, type MemoryChannel } from '../../src/channel/memory.js';
import type { ProtocolError } from '../../src/errors.js';
import type { Callbacks } from '../../src/session/functions/callbacks.js';
import { openSession, type OpenSession } from '../../src/session/open-session.js';
import { BlockingCalls } from '../../src/session/sync/blocking-calls.js';
import { SyncCalls } from '../../src/session/sync/sync-calls.js';
import type { SerializationMode } from '../../src/types/serializable.js';

type Method = (...args: never[]) => unknown;

export interface Side extends OpenSession {
  readonly functions: Callbacks;
  /** Violations of the protocol, which would otherwise end the child. */
  readonly violations: ProtocolError[];
  /** Failures of callbacks that nobody awaited. */
  readonly unhandled: [name: string, reason: string][];
  readonly channel: MemoryChannel;
}

export interface SidesOptions {
  mode?: SerializationMode;
  /** How many functions one side may export at a time. */
  limit?: number;
  /** ms that the caller of a function waits. */
  timeout?: number;
  /** Runs the parent's calls in the child. */
  methods?: Record<string, Method>;
}

/** Both sides of a session within this process, on a channel in memory, with everything that may cross. */
export function openSides({ mode = 'json', limit = 10, timeout = 5000, methods = {} }: SidesOptions = {}): {
  parent: Side;
  child: Side;
  sync: SyncCalls;
} {
  const [near, far] = memoryChannelPair(mode);
  const [nearLane, farLane] = memoryLane(mode, () => far.flush());
  const open = (channel: MemoryChannel, isParent: boolean): Omit<Side, 'functions'> => {
    const violations: ProtocolError[] = [];
    const opened = openSession({
      channel,
      isParent,
      self: { current: undefined },
      ownFile: undefined,
      run: (_target, method, args) => methods[method]?.(...(args as never[])),
      onViolation: (error) => violations.push(error),
    });
    return { ...opened, channel, violations, unhandled: [] };
  };
  const carry = (side: Omit<Side, 'functions'>, blocking?: BlockingCalls): Side => {
    const onUnhandled = (name: string, reason: string): void => void side.unhandled.push([name, reason]);
    const { functions } = side.carry({ mode, handles: false, callbacks: { limit, timeout, blocking, onUnhandled } });
    return { ...side, functions: functions as Callbacks };
  };
  const blocking = new BlockingCalls({ lane: farLane, mode });
  const child = carry(open(far, false), blocking);
  child.session.use(blocking);
  const parent = carry(open(near, true));
  const sync = new SyncCalls({ channel: nearLane, mode, callbacks: parent.functions, timeout, awaitsPromises: false });
  parent.session.use(sync);
  return { parent, child, sync };
}

/** Calls a method of the other side. */
export function call({ session }: Side, method: string, ...args: unknown[]): Promise<unknown> {
  return session.call('instance', method, args, { timeout: Infinity });
}

/** What a promise rejects with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not reject.');
}
