import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const nativeSources = fileURLToPath(new URL('../../src/process-proxy/native/', import.meta.url));
const checks = ['-std=gnu11', '-g', '-O1', '-Wall', '-Wextra', '-fsanitize=address,undefined', '-fno-sanitize-recover'];

/** Compiles C files of the executable, or others, with assertions and sanitizers. Returns the program's path. */
export function compileForDebugging(files: string[], ...flags: string[]): string {
  const program = join(mkdtempSync(join(tmpdir(), 'procxy-native-')), 'process-proxy');
  execFileSync('cc', [...checks, ...flags, '-I', nativeSources, '-o', program, ...files]);
  return program;
}

/** Builds the whole executable for this machine. */
export function buildForDebugging(...flags: string[]): string {
  const files = readdirSync(nativeSources).filter((name) => name.endsWith('.c') && name !== 'platform_windows.c');
  return compileForDebugging(
    files.map((name) => join(nativeSources, name)),
    ...flags,
  );
}
