import type { Instance } from '../instance-plan.js';
import { createProxy } from '../proxy.js';
import type { Dispatcher } from './dispatcher.js';
import { Lease } from './lease.js';
import type { Member } from './member.js';
import type { PoolPlan } from './plans.js';

export interface Lender {
  plan: PoolPlan;
  dispatcher: Dispatcher;
  /** The proxy of the pool. */
  proxy(): object | undefined;
  /** Called when the member is back, and may serve others. */
  onReturned(member: Member): void;
}

/**
 * Runs a function with the only proxy that reaches a member meanwhile.
 * @param member runs nothing else
 */
export async function lend(member: Member, run: (proxy: object) => unknown, lender: Lender): Promise<unknown> {
  const { plan, dispatcher, proxy: poolProxy, onReturned } = lender;
  const instance = member.instance as Instance;
  const { self, description, connection } = instance;
  member.isLeased = true;
  dispatcher.begin(member);
  const lease = new Lease(
    connection,
    () => self.current,
    () => {
      // A lost instance has taken the lease with it.
      if (member.instance !== instance) return;
      member.isLeased = false;
      self.current = poolProxy();
      dispatcher.end(member);
      onReturned(member);
    },
  );
  const { options, className, type } = plan;
  const proxy = createProxy<object>({ connection: lease, description, options, className, type });
  self.current = proxy;
  try {
    return await run(proxy);
  } finally {
    lease.end();
  }
}
