import { beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from '../../src/channel/channel.js';
import { memoryLane, type MemoryLane } from '../../src/channel/memory-lane.js';

describe.each(['json', 'advanced'] as const)('a lane in the mode %s', (mode) => {
  let near: Channel;
  let far: MemoryLane;
  let log: unknown[];
  beforeEach(() => {
    log = [];
    [near, far] = memoryLane(mode, () => log.push('flushed'));
  });

  test('returns the answer without a turn of the event loop, and copies both ways', () => {
    const answer = { list: [2] };
    near.onMessage((message) => {
      log.push(message);
      near.send(answer);
    });
    const question = { list: [1] };
    far.write(question);
    expect(far.read()).toEqual(answer);
    expect(log).toEqual([question]);
    expect(log[0]).not.toBe(question);
    expect(far.read()).toBeUndefined();
  });

  test('delivers the waiting messages of the channel on request', () => {
    far.flush();
    expect(log).toEqual(['flushed']);
  });

  test('a value that cannot be written throws an error at the sender', () => {
    near.onMessage(() => log.push('arrived'));
    const unwritable = {
      get value() {
        throw new Error('unreadable');
      },
    };
    expect(() => far.write(unwritable)).toThrow('unreadable');
    expect(log).toEqual([]);
  });

  test('returns no answer if the other end is closed or missing', () => {
    near.onMessage(() => {});
    far.write({});
    expect(far.read()).toBeUndefined();
    near.onMessage(() => near.send({}));
    near.close();
    far.write({});
    expect(far.read()).toBeUndefined();
  });
});
