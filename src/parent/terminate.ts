import { clearTimeout, setTimeout } from '../clock.js';
import { describeReason } from '../errors.js';
import { isError } from '../realm.js';
import { warn } from '../warnings.js';
import type { AgentProcess } from './agent-process.js';

export interface Termination {
  agent: AgentProcess;
  /** ms from now to SIGKILL. */
  timeout: number;
  /** Runs the instance's dispose hook in the child, where it has one. */
  dispose: (() => Promise<unknown>) | undefined;
}

/** Ends a child: its dispose hook, SIGTERM, SIGKILL at the deadline. Resolves when the process is gone. */
export function terminate({ agent, timeout, dispose }: Termination): Promise<void> {
  return endBy(agent, timeout, async () => {
    if (dispose && agent.process.connected) await Promise.race([dispose().catch(tell(agent)), agent.exited]);
    agent.kill('SIGTERM');
  });
}

/** For a child that closed the channel: it may end by itself, but not live on. */
export function awaitEnd(agent: AgentProcess, timeout: number): Promise<void> {
  return endBy(agent, timeout, () => Promise.resolve());
}

async function endBy(agent: AgentProcess, timeout: number, ask: () => Promise<void>): Promise<void> {
  agent.hold();
  const deadline = setTimeout(() => agent.kill('SIGKILL'), timeout);
  try {
    await ask();
    await agent.exited;
  } finally {
    clearTimeout(deadline);
    agent.release();
  }
}

/** The end goes on, but a hook's error does not disappear. */
function tell(agent: AgentProcess): (error: unknown) => void {
  return (error) => {
    // The hook was cut off by the child's end.
    if (agent.ended) return;
    const name = isError(error) ? `${describeReason(error.name)}: ` : '';
    const what = 'The dispose hook of an instance failed while its child was terminated.';
    warn('PROCXY_DISPOSE_FAILED', `${what} ${name}${describeReason(error)}`);
  };
}
