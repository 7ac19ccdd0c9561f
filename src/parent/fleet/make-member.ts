import { describeReason } from '../../errors.js';
import type { Listeners } from '../../session/events/listeners.js';
import { warn } from '../../warnings.js';
import type { Instance } from '../instance-plan.js';
import { createProxy } from '../proxy.js';
import { traceRestart } from '../tracing.js';
import { Member } from './member.js';
import type { PoolPlan } from './plans.js';

export interface MemberMaking {
  plan: PoolPlan;
  /** The listeners of the pool. */
  listeners: Listeners;
  /** The object that represents the pool on this side. */
  proxy(): object | undefined;
  isListenedTo(): boolean;
  /** A new instance has taken the place of one that crashed. */
  onUp(member: Member, instance: Instance): void;
  onDown(member: Member, crash: Error): void;
  onFailed(member: Member, crash: Error): void;
}

/** Makes a member of a pool: how its instances are started, prepared and restarted. */
export function makeMember({ plan, listeners, proxy, isListenedTo, onUp, onDown, onFailed }: MemberMaking): Member {
  const { concurrency, restart, setup } = plan.options;
  return new Member(concurrency, (member) => ({
    plan,
    // Without restarts the first crash is the last.
    backoff: restart ?? { maxRestarts: 0, within: 0, minDelay: 0, maxDelay: 0 },
    constructorArgs: plan.constructorArgs,
    isListenedTo,
    setUp: async (instance, crash) => {
      const { connection, description, self } = instance;
      connection.events.attach(listeners);
      const { options, className, type } = plan;
      const own = createProxy<object>({ connection, description, options, className, type });
      self.current = own;
      if (crash) await restart?.onRestart?.(own, crash);
      await (setup as ((proxy: object) => unknown) | undefined)?.(own);
      self.current = proxy();
    },
    onUp: (instance, crash) => {
      traceRestart({ ...instance.connection.context, key: undefined, reason: 'crash', error: crash });
      if (!restart?.onRestart && !setup) warnOfRestart(plan, instance, crash);
      onUp(member, instance);
    },
    onDown: (crash) => onDown(member, crash),
    onFailed: (crash) => onFailed(member, crash),
  }));
}

function warnOfRestart({ className }: PoolPlan, { connection }: Instance, crash: Error): void {
  const what = `An instance of ${className || 'an anonymous class'} was made again, in the child ${connection.worker.pid}`;
  warn('PROCXY_RESTARTED', `${what}. ${describeReason(crash)}.`);
}
