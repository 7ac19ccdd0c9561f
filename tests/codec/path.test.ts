import { expect, test } from 'vitest';
import { formatPath, formatPlace, PATH_LIMIT } from '../../src/codec/path.js';
import { at } from '../../src/codec/transfer-handlers.js';

test.each([
  [[], 'args'],
  [[0, 'name'], 'args[0].name'],
  [['größe', '$id', '_x1'], 'args.größe.$id._x1'],
  [['my key', '', '0', 'say "so"', 'a\nb'], 'args["my key"][""]["0"]["say \\"so\\""]["a\\nb"]'],
  [[at.mapValue('k', 0), at.member(1)], 'args.get("k").<member 1>'],
  [['x'.repeat(101)], `args["${'x'.repeat(100)}…"]`],
])('the keys %j are the path %s', (keys, path) => {
  expect(formatPath('args', keys)).toBe(path);
});

test('a long path ends with …', () => {
  const keys = Array.from({ length: PATH_LIMIT + 1 }, (_, index) => index);
  expect(formatPath('args', keys)).toBe(
    `args${keys
      .slice(0, -1)
      .map((key) => `[${key}]`)
      .join('')}…`,
  );
  expect(formatPath('args', keys.slice(1))).not.toContain('…');
});

test('a sentence begins with the method or the event', () => {
  expect(formatPlace({ root: 'args', method: 'save' }, 'args[0]')).toBe('save(): args[0]');
  expect(formatPlace({ root: 'args', event: "'done'" }, 'args[0]')).toBe("event 'done': args[0]");
  expect(formatPlace({ root: 'args' }, 'args[0]')).toBe('args[0]');
});
