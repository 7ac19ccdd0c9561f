import { poolOptions } from '../../options/pool.js';
import { planInstance, type Creation } from '../instance-plan.js';
import { Pool } from './pool.js';
import { createPoolProxy } from './pool-proxy.js';
import { refuseOneTime } from './refuse-one-time.js';

/** Starts the instances of a pool, and makes the object that represents them. */
export async function startPool(creation: Omit<Creation, 'further'>): Promise<object> {
  const plan = planInstance({ ...creation, further: { caller: 'procxyPool', table: poolOptions } });
  refuseOneTime(plan.constructorArgs, 'procxyPool()');
  const pool = new Pool(plan);
  const { description } = await pool.start();
  const proxy = createPoolProxy({ pool, plan, description });
  pool.represent(proxy);
  return proxy;
}
