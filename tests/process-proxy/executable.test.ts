import { existsSync } from 'node:fs';
import { getAllProxyCommandPaths, getExecutablePath } from 'procxy/process-proxy';
import { expect, test } from 'vitest';

const { platform, arch } = process;

test('getExecutablePath() returns the executable of a platform, or says which ones there are', () => {
  expect(getExecutablePath()).toMatch(new RegExp(`dist/native/${platform}-${arch}/process-proxy$`));
  expect(() => getExecutablePath('plan9', 'x64')).toThrow(
    expect.objectContaining({
      code: 'PROCXY_EXECUTABLE_NOT_FOUND',
      message: expect.stringMatching(
        new RegExp(
          `^getExecutablePath\\(\\) found no executable for plan9-x64\\. This package has .*${platform}-${arch}`,
        ),
      ) as string,
    }),
  );
});

test('getAllProxyCommandPaths() returns every executable of the package', () => {
  const all = getAllProxyCommandPaths();
  expect(all).toContainEqual({ platform, arch, path: getExecutablePath() });
  for (const each of all) {
    expect(each.path).toBe(getExecutablePath(each.platform, each.arch));
    expect(existsSync(each.path)).toBe(true);
  }
});
