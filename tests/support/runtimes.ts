import { npmBinary } from './npm-binary.js';

/** The packages that contain the executable. The packages `bun` and `deno` only install it with a script. */
const packages = {
  bun: { spec: '@oven/bun-linux-x64@1.4.5', path: '@oven/bun-linux-x64/bin/bun' },
  deno: { spec: '@deno/linux-x64-glibc@2.9.6', path: '@deno/linux-x64-glibc/deno' },
} as const;

export type Runtime = keyof typeof packages;
export const runtimes = Object.keys(packages) as Runtime[];

/** Returns the path of another runtime's executable, from npm. It is cached for the next run. */
export function runtimeBinary(runtime: Runtime): Promise<string> {
  return npmBinary('procxy-runtimes', packages[runtime]);
}
