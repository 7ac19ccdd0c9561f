import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { containmentOptions } from '../../src/options/containment.js';

const { permissions, resourceLimits, heartbeat } = containmentOptions;

describe('the places of permissions', () => {
  test.each([[true], [[]], [['/srv/app/', pathToFileURL('/srv/data'), pathToFileURL(resolve('/srv/a b')).href]]])(
    'may be %j',
    (read) => {
      expect(permissions.kind.check({ read, write: read }, 'permissions')).toBeUndefined();
    },
  );

  test.each<[string, unknown]>([
    ['a relative path', ['./app']],
    ['an asterisk, which stands for many files', ['/srv/*']],
    ['a URL of another kind', ['https://example.org/']],
    ['a URL of a file on another machine', ['file://host/share']],
    ['one path without an array', '/srv'],
    ['a number', [5]],
    ['false', false],
  ])('may not be %s', (_name, read) => {
    expect(permissions.kind.check({ read }, 'permissions')).toContain('`permissions.read`');
  });
});

test('limits of the heap are whole numbers of MiB', () => {
  expect(resourceLimits.kind.check({ maxOldGenerationSizeMb: 64 }, 'resourceLimits')).toBeUndefined();
  for (const wrong of [0, 1.5, '64']) {
    expect(resourceLimits.kind.check({ maxOldGenerationSizeMb: wrong }, 'resourceLimits')).toContain('MiB');
  }
  expect(resourceLimits.kind.check({ maxHeap: 64 }, 'resourceLimits')).toContain('There is no option');
});

describe('a heartbeat', () => {
  test.each([
    [{}, { interval: 1000, limit: 5000, onBlocked: 'warn' }],
    [{ limit: 400 }, { interval: 100, limit: 400, onBlocked: 'warn' }],
    [
      { interval: 10, limit: 20, onBlocked: 'terminate' },
      { interval: 10, limit: 20, onBlocked: 'terminate' },
    ],
  ] as const)('%j is read as %j', (given, read) => {
    expect(heartbeat.kind.check(given, 'heartbeat')).toBeUndefined();
    expect(heartbeat.kind.read(given)).toEqual(read);
  });

  test.each([[{ interval: 3000 }], [{ interval: 100, limit: 199 }]])('%j has too low a limit', (given) => {
    expect(heartbeat.kind.check(given, 'heartbeat')).toContain('`heartbeat.limit` must be twice');
  });

  test.each([[{ interval: 0 }], [{ limit: '5s' }], [{ onBlocked: 'kill' }], [{ every: 5 }], [true]])(
    '%j is refused',
    (given) => {
      expect(heartbeat.kind.check(given, 'heartbeat')).toBeDefined();
    },
  );
});
