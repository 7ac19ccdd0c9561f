import { isPromise } from '../../is-promise.js';
import { takeSpan } from '../calls/server-span.js';
import type { Producer } from './source.js';

/** Makes the items of a result in the span of its call, which ends with the stream. Returns other producers as they are. */
export function inSpanOf(value: object, producer: Producer): Producer {
  const span = takeSpan(value);
  if (!span) return producer;
  const { step } = producer;
  const observed = <T>(make: () => T | PromiseLike<T>): T | Promise<T> =>
    span.within(() => {
      try {
        const made = make();
        if (!isPromise(made)) return made as T;
        const promise = Promise.resolve(made) as Promise<T>;
        promise.catch((error: unknown) => span.fail(error));
        return promise;
      } catch (error) {
        span.fail(error);
        throw error;
      }
    });
  return {
    ...producer,
    next: () => observed(() => producer.next()),
    ...(step && { step: async (method, given) => observed(() => step(method, given)) }),
    close(outcome, early) {
      span.within(() => producer.close(outcome, early));
      if (outcome.failed) span.fail(outcome.value);
      else span.end();
    },
  };
}
