import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';

/**
 * Gives each test of a file the path of a log, in a folder that is removed after the test. Returns the function that reads its lines.
 * @param assign called with the path before each test
 */
export function useLog(assign: (path: string) => void): () => string[] {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'procxy-log-'));
    path = join(folder, 'log');
    assign(path);
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  return () => (existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []);
}
