/**
 * Builds the executable into dist/native/. node-gyp builds it for this machine, and cross compilers build it for other platforms
 * where they are installed. An executable that is newer than the sources is kept.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('.', import.meta.url));
const output = fileURLToPath(new URL('../../../dist/native/', import.meta.url));
// NDEBUG leaves out the assertions.
const flags = ['-std=gnu11', '-O2', '-Wall', '-Wextra', '-Werror', '-DNDEBUG', '-static', '-s'];
const common = ['main.c', 'commands.c', 'link.c', 'streams.c', 'wire.c', 'ring.c', 'fail.c'];

/** The compilers have the names of Debian. */
const cross = [
  { target: 'linux-x64', compiler: 'x86_64-linux-gnu-gcc', args: ['platform_posix.c'] },
  { target: 'linux-arm64', compiler: 'aarch64-linux-gnu-gcc', args: ['platform_posix.c'] },
  {
    target: 'win32-x64',
    compiler: 'x86_64-w64-mingw32-gcc',
    args: ['-municode', 'platform_windows.c', '-lws2_32', '-lbcrypt'],
  },
];

const host = `${process.platform}-${process.arch}`;
const newest = Math.max(
  ...readdirSync(folder).map((name) => (/\.([ch]|gyp|js)$/.test(name) ? changed(join(folder, name)) : 0)),
);

build(host, buildForHost);
for (const { target, compiler, args } of cross) {
  if (target !== host && isInstalled(compiler)) {
    build(target, (path) => run(compiler, [...flags, '-o', path, ...common, ...args]));
  }
}

function build(target, compile) {
  const path = join(output, target, target.startsWith('win32') ? 'process-proxy.exe' : 'process-proxy');
  if (existsSync(path) && changed(path) >= newest) return;
  mkdirSync(dirname(path), { recursive: true });
  // A running executable cannot be overwritten, but it can be replaced.
  compile(`${path}.new`);
  chmodSync(`${path}.new`, 0o755);
  renameSync(`${path}.new`, path);
}

function buildForHost(path) {
  const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
  const nodeFolder = dirname(dirname(process.execPath));
  // Use the headers of this Node where it has them, so that node-gyp does not download any.
  const headers = existsSync(join(nodeFolder, 'include', 'node', 'node.h')) ? [`--nodedir=${nodeFolder}`] : [];
  run(process.execPath, [gyp, 'rebuild', '-C', folder, '--loglevel=error', ...headers]);
  const built = process.platform === 'win32' ? 'process-proxy.exe' : 'process-proxy';
  copyFileSync(join(folder, 'build', 'Release', built), path);
}

function run(program, args) {
  try {
    execFileSync(program, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    console.error(`${program} ${args.join(' ')}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
    process.exit(1);
  }
}

function isInstalled(compiler) {
  return (process.env.PATH ?? '').split(delimiter).some((place) => existsSync(join(place, compiler)));
}

function changed(path) {
  return statSync(path).mtimeMs;
}
