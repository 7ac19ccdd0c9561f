import { describe, expect, test } from 'vitest';
import { unknownName } from '../../src/options/unknown-name.js';

describe('an unknown name', () => {
  const known = ['timeout', 'retries', 'mirror'];

  test.each([
    ['timout', 'timeout'],
    ['TIMEOUT', 'timeout'],
    ['retry', 'retries'],
  ])('%s: did you mean %s?', (name, meant) => {
    expect(unknownName(name, known)).toContain(`did you mean \`${meant}\`?`);
  });

  test('that is similar to no option gets the list', () => {
    expect(unknownName('colour of the bicycle', known)).toContain('timeout, retries, mirror');
  });
});
