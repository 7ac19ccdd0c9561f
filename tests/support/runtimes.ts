import { npmBinary } from './npm-binary.js';

/** The packages that contain the executable. The packages `bun` and `deno` only install it with a script. */
const packages = {
  bun: { spec: '@oven/bun-linux-x64@1.4.5', path: '@oven/bun-linux-x64/bin/bun' },
  deno: { spec: '@deno/linux-x64-glibc@2.9.6', path: '@deno/linux-x64-glibc/deno' },
} as const;

/** The same for Windows, which `tests/windows/wine.ts` installs. */
export const windowsPackages = {
  bun: { spec: '@oven/bun-windows-x64@1.4.5', path: '@oven/bun-windows-x64/bin/bun.exe' },
  deno: { spec: '@deno/win32-x64@2.9.6', path: '@deno/win32-x64/deno.exe' },
} as const satisfies Record<Runtime, object>;

export type Runtime = keyof typeof packages;
export const runtimes = Object.keys(packages) as Runtime[];

/** The variable that names the executable to the tests on Windows. */
export function runtimeVariable(runtime: Runtime): string {
  return `PROCXY_TEST_${runtime.toUpperCase()}`;
}

/** Returns the path of another runtime's executable, from npm. It is cached for the next run. */
export async function runtimeBinary(runtime: Runtime): Promise<string> {
  return process.env[runtimeVariable(runtime)] ?? npmBinary('procxy-runtimes', packages[runtime]);
}
