import { getExecutablePath } from 'procxy/process-proxy';
import { expect, test } from 'vitest';

test('getExecutablePath() returns the executable of a platform, or says how to get it', () => {
  const { platform, arch } = process;
  expect(getExecutablePath()).toMatch(new RegExp(`dist/native/${platform}-${arch}/process-proxy$`));
  expect(() => getExecutablePath('plan9', 'x64')).toThrow(
    expect.objectContaining({ code: 'PROCXY_EXECUTABLE_NOT_FOUND', message: expect.stringContaining('plan9-x64') }),
  );
});
