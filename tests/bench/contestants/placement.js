/** Which core each half of a contestant runs on, by `taskset`. */
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export const threadsOf = (pid) => readdirSync(`/proc/${pid}/task`).map(Number);

export const childrenOf = (pid) =>
  threadsOf(pid).flatMap((thread) =>
    readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number),
  );

const place = (thread, core) => execFileSync('taskset', ['-p', '-c', String(core), String(thread)]);

/**
 * Gives each half a core. It is done once both run, so that neither believed that the machine has one core only when it started.
 *
 * @param others the threads of this process that were there before the contestant
 */
export function giveCoreEach(kind, [core, otherCore], others) {
  const own = threadsOf(process.pid);
  // A thread of a contestant is one that has come with it; what Node starts for its own use comes along.
  const [here, there] =
    kind === 'thread'
      ? [others, own.filter((thread) => !others.includes(thread))]
      : [own, childrenOf(process.pid).flatMap(threadsOf)];
  for (const thread of here) place(thread, core);
  for (const thread of there) place(thread, otherCore);
}
