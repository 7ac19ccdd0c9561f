import { clearTimeout, setTimeout } from '../clock.js';
import { describeReason } from '../errors.js';
import { isError } from '../realm.js';
import { warn } from '../warnings.js';
import type { Worker } from './worker.js';

/** How long an agent without a dispose hook may take to confirm that it is ending, in ms. */
const ACKNOWLEDGE_TIME = 500;

export interface Termination {
  worker: Worker;
  /** ms from now until it is killed. */
  timeout: number;
  /** Whether the instance has a dispose hook. */
  hasHook: boolean;
  /** Calls a method of the agent. */
  ask(method: 'end' | 'dispose'): Promise<unknown>;
}

/** Ends a worker: runs its dispose hook, then asks it to end, and kills it at the deadline. Resolves when it has ended. */
export function terminate(termination: Termination): Promise<void> {
  const { worker, timeout } = termination;
  const late = (): void => worker.end('drop');
  return endBy(worker, timeout, late, async () => {
    if (!worker.isConnected) return worker.end('term');
    if (worker.leaves) return askToLeave(termination);
    if (termination.hasHook) await disposed(termination);
    worker.end('term');
  });
}

/** Waits for a worker that has closed its channel. If it does not end by itself in time, kills it. */
export function awaitEnd(worker: Worker, timeout: number): Promise<void> {
  const reason = `it closed its channel to the parent, and had not ended ${timeout} ms later`;
  return endBy(
    worker,
    timeout,
    () => worker.end('kill', reason),
    () => Promise.resolve(),
  );
}

/** Asks a worker to end by itself. If it does not react and has no dispose hook to run, kills it early. */
async function askToLeave(termination: Termination): Promise<void> {
  const { worker, timeout, hasHook, ask } = termination;
  const late = hasHook ? undefined : setTimeout(() => worker.end('drop'), Math.min(ACKNOWLEDGE_TIME, timeout));
  const begun = ask('end').then(
    () => clearTimeout(late),
    () => {},
  );
  await Promise.race([Promise.all([begun, disposed(termination)]), worker.exited]);
  if (worker.hasEnded) clearTimeout(late);
}

async function disposed({ worker, ask }: Termination): Promise<void> {
  await Promise.race([ask('dispose').catch(warnUnlessEnded(worker)), worker.exited]);
}

async function endBy(
  worker: Worker,
  timeout: number,
  late: () => void,
  ask: () => Promise<void> | void,
): Promise<void> {
  worker.hold();
  const deadline = setTimeout(late, timeout);
  try {
    await ask();
    await worker.exited;
  } finally {
    clearTimeout(deadline);
    worker.release();
  }
}

/** Reports an error of a dispose hook. The worker is ended anyway. */
function warnUnlessEnded(worker: Worker): (error: unknown) => void {
  return (error) => {
    // The hook did not fail, but was cut off by the worker's end.
    if (worker.hasEnded) return;
    const name = isError(error) ? `${describeReason(error.name)}: ` : '';
    const what = 'The dispose hook of an instance failed while its child was terminated.';
    warn('PROCXY_DISPOSE_FAILED', `${what} ${name}${describeReason(error)}`);
  };
}
