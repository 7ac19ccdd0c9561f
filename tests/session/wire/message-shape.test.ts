import { expect, test } from 'vitest';
import type { Message } from '../../../src/protocol.js';
import { findMalformedField } from '../../../src/session/wire/message-shape.js';

const carriers = [
  { type: 'call-invoke', callId: 1, method: 'add', args: [] },
  { type: 'callback-invoke', callbackId: 'a', invokeId: 1, args: [] },
  { type: 'reference-invoke', callId: 1, referenceId: 'r1', method: 'add', args: [] },
  { type: 'result-invoke', callId: 2, resultOf: 1, method: 'add', args: [] },
  { type: 'event-emit', event: 'news', args: [] },
] as const satisfies Message[];

test.each(carriers)('a trace of $type has only strings', (message) => {
  const find = (trace: unknown): string | undefined => findMalformedField({ ...message, trace } as Message);
  for (const right of [undefined, {}, { traceparent: '00-0-0-00', baggage: 'a=b' }])
    expect(find(right)).toBeUndefined();
  for (const wrong of [null, 7, 'text', { traceparent: 1 }, { baggage: { a: 'b' } }, [[]]])
    expect(find(wrong)).toBe('trace');
});
