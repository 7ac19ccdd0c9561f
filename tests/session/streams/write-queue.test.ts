import { describe, expect, test } from 'vitest';
import { TerminatedError } from '../../../src/errors.js';
import { WriteQueue } from '../../../src/session/streams/write-queue.js';

function queueOf() {
  const waiting: boolean[] = [];
  const said: unknown[] = [];
  const queue = new WriteQueue((value) => waiting.push(value));
  queue.onEarlyClose((error, urgency) => said.push([urgency, error.message]));
  const taken = (name: string) => (error?: Error) => void said.push(error ? `${name}: ${error.message}` : name);
  return { queue, waiting, said, taken };
}

const ok = { failed: false, value: undefined };
const failed = (value: unknown) => ({ failed: true, value });

describe('WriteQueue', () => {
  test('passes chunks in order, whether they are written or requested first', async () => {
    const { queue, said, taken } = queueOf();
    const first = queue.next();
    queue.write('a', taken('a'));
    queue.write('b', taken('b'));
    expect([await first, await queue.next()]).toEqual([
      { done: false, value: 'a' },
      { done: false, value: 'b' },
    ]);
    expect(said).toEqual([]);
    queue.sent();
    queue.sent();
    expect(said).toEqual(['a', 'b']);
  });

  test('ends when everything that was written has been sent', async () => {
    const { queue, taken } = queueOf();
    queue.write('a', taken('a'));
    queue.end();
    expect(await queue.next()).toEqual({ done: false, value: 'a' });
    expect(await queue.next()).toEqual({ done: true, value: undefined });
    const asked = queueOf().queue;
    const next = asked.next();
    asked.end();
    expect(await next).toEqual({ done: true, value: undefined });
  });

  test('is waiting from a write until it is sent, and from the end until the other side is done', () => {
    const { queue, waiting, taken } = queueOf();
    queue.write('a', taken('a'));
    void queue.next();
    expect(waiting.at(-1)).toBe(true);
    queue.sent();
    expect(waiting.at(-1)).toBe(false);
    queue.end();
    expect(waiting.at(-1)).toBe(true);
    queue.close(ok, false);
    expect(waiting.at(-1)).toBe(false);
    // The stand-in may end it again.
    queue.end();
    expect(waiting.at(-1)).toBe(false);
  });

  test('after breaking the stream off, pending and later writes are lost', async () => {
    const { queue, said, taken } = queueOf();
    const reasons: unknown[] = [];
    queue.onFail((reason) => reasons.push(reason));
    queue.write('under way', taken('under way'));
    await queue.next();
    queue.write('queued', taken('queued'));
    queue.fail('why');
    queue.fail('once more');
    queue.write('late', taken('late'));
    expect(reasons).toEqual(['why']);
    expect(said.map(String)).toEqual([
      expect.stringMatching(/^queued: .*why/),
      expect.stringMatching(/^under way: .*why/),
      expect.stringMatching(/^late: .*why/),
    ]);
    expect(() => queue.next()).toThrow('why');
    // This side already knows that it has broken the stream off.
    queue.close(failed('why'), true);
    expect(said).toHaveLength(3);
  });

  test('rejects a pending request when it is broken off', async () => {
    const { queue } = queueOf();
    const next = queue.next();
    queue.fail('why');
    await expect(next).rejects.toBe('why');
  });

  test('an early close reports how urgent it is', () => {
    const cases: [outcome: { failed: boolean; value: unknown }, isWritten: boolean, urgency: string][] = [
      [failed(new Error('broken')), true, 'now'],
      [failed(new Error('broken')), false, 'when-heard'],
      [failed(new TerminatedError('over')), false, 'if-heard'],
      [failed(new TerminatedError('over')), true, 'now'],
      [ok, false, 'never'],
      [ok, true, 'now'],
    ];
    for (const [outcome, isWritten, urgency] of cases) {
      const { queue, said } = queueOf();
      if (isWritten) queue.write('a', () => {});
      queue.close(outcome, true);
      expect(said).toEqual([[urgency, expect.any(String)]]);
    }
  });

  test('reports the outcome on the other side, even to a late listener', () => {
    const { queue, said } = queueOf();
    queue.onFinish((outcome) => said.push(outcome));
    queue.close(failed('no room'), true);
    queue.onFinish((outcome) => said.push(['late', outcome]));
    expect(said).toEqual([failed('no room'), ['late', failed('no room')]]);
  });
});
