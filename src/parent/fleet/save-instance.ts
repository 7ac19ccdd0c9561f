import { describeReason } from '../../errors.js';
import { warn } from '../../warnings.js';
import type { Instance } from '../instance-plan.js';
import { createProxy } from '../proxy.js';
import type { KeyedPlan } from './plans.js';

type Save = (proxy: object, key: string) => unknown;

/**
 * Calls the option `save` with a proxy of the instance, before the instance is ended.
 * @param isAnnounced whether a failure is a process warning; otherwise its caller reports it. The end of the child is none
 * @throws what `save` throws
 */
export async function saveInstance(
  plan: KeyedPlan,
  key: string,
  { connection, description }: Instance,
  isAnnounced: () => boolean,
): Promise<void> {
  const save = plan.options.save as Save | undefined;
  if (!save) return;
  const { options, className, type } = plan;
  try {
    await save(createProxy<object>({ connection, description, options, className, type }), key);
  } catch (error) {
    const fate = connection.isOpen ? 'lives on' : 'has ended: what has changed since the last save is lost';
    const what = `The instance of the key '${key}' could not be saved, and ${fate}. ${describeReason(error)}.`;
    if (isAnnounced()) warn('PROCXY_SAVE_FAILED', what);
    throw error;
  }
}
