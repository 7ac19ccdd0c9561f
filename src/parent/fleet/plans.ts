import type { keyedOptions } from '../../options/keyed.js';
import type { poolOptions } from '../../options/pool.js';
import type { InstancePlan } from '../instance-plan.js';

export type PoolPlan = InstancePlan<typeof poolOptions>;
export type KeyedPlan = InstancePlan<typeof keyedOptions>;
