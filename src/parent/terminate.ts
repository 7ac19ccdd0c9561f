import { clearTimeout, setTimeout } from '../clock.js';
import { describeReason } from '../errors.js';
import { isError } from '../realm.js';
import { warn } from '../warnings.js';
import type { Worker } from './worker.js';

export interface Termination {
  worker: Worker;
  /** ms from now until it is ended by force. */
  timeout: number;
  /** Runs the instance's dispose hook, where it has one. */
  dispose: (() => Promise<unknown>) | undefined;
}

/** Ends a worker: its dispose hook, then `'term'`, and `'kill'` at the deadline. Resolves when it has ended. */
export function terminate({ worker, timeout, dispose }: Termination): Promise<void> {
  return endBy(worker, timeout, async () => {
    if (dispose && worker.isConnected) await Promise.race([dispose().catch(warnUnlessEnded(worker)), worker.exited]);
    worker.end('term');
  });
}

/** For a worker that closed the channel: it may end by itself, but not live on. */
export function awaitEnd(worker: Worker, timeout: number): Promise<void> {
  return endBy(worker, timeout, () => Promise.resolve());
}

async function endBy(worker: Worker, timeout: number, ask: () => Promise<void>): Promise<void> {
  worker.hold();
  const deadline = setTimeout(() => worker.end('kill'), timeout);
  try {
    await ask();
    await worker.exited;
  } finally {
    clearTimeout(deadline);
    worker.release();
  }
}

/** The end goes on, but a hook's error does not disappear. */
function warnUnlessEnded(worker: Worker): (error: unknown) => void {
  return (error) => {
    // The hook was cut off by the worker's end.
    if (worker.hasEnded) return;
    const name = isError(error) ? `${describeReason(error.name)}: ` : '';
    const what = 'The dispose hook of an instance failed while its child was terminated.';
    warn('PROCXY_DISPOSE_FAILED', `${what} ${name}${describeReason(error)}`);
  };
}
