import type { StepMethod, StreamOutcome } from './source.js';
import type { Waiter } from './waiter.js';

/** An unanswered call of a method of the iterator at the other end. */
export interface Step extends Waiter {
  method: StepMethod;
  value: unknown;
}

/** Answers a step that arrived after the iterator's end: `return` and `throw` do what they do on a finished iterator. */
export function settleMissed({ method, value, resolve, reject }: Step, outcome: StreamOutcome): void {
  if (method === 'return') resolve({ done: true, value });
  else if (method === 'throw') reject(value);
  else if (outcome.failed) reject(outcome.value);
  else resolve({ done: true, value: outcome.value });
}
