import { startRestarting } from './fleet/restarting.js';
import { planInstance, type Creation } from './instance-plan.js';
import { createProxy } from './proxy.js';

/** Makes an instance where the options say, and the proxy for it. */
export async function createInstance(creation: Creation): Promise<unknown> {
  const plan = planInstance(creation);
  const { options, className, type, constructorArgs } = plan;
  options.signal?.throwIfAborted();
  if (options.restart) return startRestarting(plan, options.restart);
  const { connection, description, self } = await plan.start(plan.prepare(), { constructorArgs });
  const proxy = createProxy({ connection, description, options, className, type });
  self.current = proxy;
  return proxy;
}
