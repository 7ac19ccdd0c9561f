import type { StepMethod, StreamOutcome } from './source.js';
import type { Waiter } from './waiter.js';

/** A method of the iterator at the other end that was called and has not answered. */
export interface Step extends Waiter {
  method: StepMethod;
  value: unknown;
}

/** Answers a step that the iterator had ended before: `return` and `throw` do what they do on an iterator at its end. */
export function settleMissed({ method, value, resolve, reject }: Step, outcome: StreamOutcome): void {
  if (method === 'return') resolve({ done: true, value });
  else if (method === 'throw') reject(value);
  else if (outcome.failed) reject(outcome.value);
  else resolve({ done: true, value: outcome.value });
}
