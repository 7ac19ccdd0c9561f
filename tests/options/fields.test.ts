import { describe, expect, test } from 'vitest';
import { fieldsOf } from '../../src/options/fields.js';
import * as kinds from '../../src/options/kind.js';

describe('an object with known properties', () => {
  const fields = fieldsOf({ interval: kinds.delay(1), deep: kinds.flag });

  test('may leave any of them out', () => {
    for (const value of [{}, { interval: 5 }, { interval: undefined, deep: true }]) {
      expect(fields.check(value, 'heartbeat')).toBeUndefined();
    }
  });

  test('names a property with a wrong value, and an unknown one', () => {
    expect(fields.check({ interval: '5' }, 'heartbeat')).toContain('`heartbeat.interval`');
    expect(fields.check({ intervall: 5 }, 'heartbeat')).toMatch(
      /`heartbeat\.intervall`.*did you mean `heartbeat\.interval`/,
    );
    expect(fields.check({ constructor: 5 }, 'heartbeat')).toContain('There is no option');
    expect(fields.check([], 'heartbeat')).toContain('must be an object, but got an array');
  });
});
