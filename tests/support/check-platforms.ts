/**
 * `npm run test:platforms` runs the core tests of the process proxy on its builds for other machines, under emulators. A missing
 * build or emulator is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { root } from './packed.js';

const platforms = [
  { emulator: 'qemu-aarch64-static', executable: 'dist/native/linux-arm64/process-proxy' },
  { emulator: 'wine', executable: 'dist/native/win32-x64/process-proxy.exe' },
];
const core = [
  'connection',
  'command-queue',
  'streams',
  'byte-link',
  'plain-link',
  'acceptor',
  'server',
  'native/main',
].map((name) => `tests/process-proxy/${name}.test.ts`);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');

for (const { emulator, executable } of platforms) {
  const path = join(root, executable);
  const found = (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, emulator)));
  console.log(`\n${executable} under ${emulator}`);
  if (!found || !existsSync(path)) {
    console.error(found ? `${path} was not built: its cross compiler is missing` : `${emulator} is not installed`);
    process.exitCode = 1;
    continue;
  }
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...core, '--testTimeout=300000'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, WINEDEBUG: '-all', PROCXY_TEST_EXECUTABLE: `${emulator} ${path}` },
  });
  if (status !== 0) process.exitCode = 1;
}
