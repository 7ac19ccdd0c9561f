import { setTimeout } from '../../clock.js';
import { HostError } from '../../host-errors.js';
import type { Connection } from '../connection.js';
import type { Instance } from '../instance-plan.js';

/** ms between two looks at what is open. */
const LOOK_EVERY = 5;
/** ms until an instance that could not leave tries it again. */
const AGAIN = 1000;

export interface Leaving {
  /** Whether the instance is still the one that takes calls. */
  isCurrent(): boolean;
  /** Lets new calls wait, for a short time. */
  hold(): void;
  /** Whether new calls wait. */
  isHeld(): boolean;
  /** Lets them go on. */
  release(): void;
  /** Starts an instance elsewhere. Rejects if it could not be started. */
  startSuccessor(reason: Error): Promise<Instance>;
  /** Ends the instance, for `successor`. Nothing is open. */
  replace(successor: Instance, reason: Error): void;
}

/**
 * Moves an instance off a host that will end, as soon as nothing is open and another host has room.
 *
 *     told ──▶ asks for room ──▶ new calls wait ──nothing is open──▶ starts the successor ──nothing is open──▶ moves
 *                 ▲    │ none          │ they have waited long enough    │ it fails, or calls are open again
 *                 └────┴───────────────┴─────────── 1 s later ───────────┘
 *
 * New calls wait for a short time only: an open call may wait for one of them. Then they go on, to the old instance.
 */
export async function leaveHost(instance: Instance, leaving: Leaving): Promise<void> {
  const { worker } = instance.connection;
  while (leaving.isCurrent()) {
    // It is also asked again if it could not ask: the network may have been away.
    if (await worker.canMove?.().catch(() => false)) {
      if (await isQuiet(instance, leaving)) await move(instance, leaving);
      leaving.release();
    }
    if (leaving.isCurrent()) await pause(AGAIN);
  }
}

async function move(instance: Instance, leaving: Leaving): Promise<void> {
  const reason = new HostError(`The ${instance.connection.worker.name} has left it, since it will end.`);
  let successor: Instance;
  try {
    successor = await leaving.startSuccessor(reason);
  } catch {
    // Another took the place, for example.
    return;
  }
  await isQuiet(instance, leaving);
  if (leaving.isCurrent() && isIdle(instance.connection) && successor.connection.isOpen) {
    leaving.replace(successor, reason);
  } else await successor.connection.terminate(() => reason);
}

/** Lets new calls wait until nothing is open, or they have waited long enough. */
async function isQuiet({ connection }: Instance, { isCurrent, hold, isHeld }: Leaving): Promise<boolean> {
  hold();
  while (isCurrent() && isHeld() && !isIdle(connection)) await pause(LOOK_EVERY);
  return isCurrent() && isIdle(connection);
}

function isIdle({ side }: Connection): boolean {
  return side.pendingCalls + side.openStreams + side.importedReferences === 0;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void setTimeout(resolve, ms).unref());
}
