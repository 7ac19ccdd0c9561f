import { spawn, type ChildProcess, type ChildProcessByStdio, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { getExecutablePath, ProcessProxyServer, type ProcessProxyConnection } from 'procxy/process-proxy';

/**
 * The executable under test and its arguments: the one for this machine, or the one for another machine with its emulator, which
 * `check-platforms.ts` names.
 */
export const [program = '', ...programArgs] = process.env['PROCXY_TEST_EXECUTABLE']?.split(' ') ?? [
  getExecutablePath(),
];
export const isWindows = program.includes('wine') || process.platform === 'win32';

export interface Run {
  child: ChildProcessByStdio<Writable, Readable, Readable>;
  /** Resolves when the executable has ended and its output is complete. */
  ended: Promise<{ stdout: Buffer; stderr: string; code: number | null; signal: NodeJS.Signals | null }>;
}

export interface RunOptions {
  args?: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** A program other than the executable under test. */
  path?: string;
}

/** Starts the executable with pipes. Its environment is this process's and `env`. */
export function start(env: NodeJS.ProcessEnv, { args = [], cwd, path }: RunOptions = {}): Run {
  const command = path === undefined ? [program, ...programArgs] : [path];
  const child = spawn(command[0] ?? '', [...command.slice(1), ...args], {
    env: { ...process.env, ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // The executable may end without reading all of its input.
  child.stdin.on('error', () => {});
  return { child, ended: collect(child) };
}

/** Starts the executable with any standard streams, without collecting their data. */
export function startWith(env: NodeJS.ProcessEnv, stdio: StdioOptions, args: string[] = []): ChildProcess {
  return spawn(program, [...programArgs, ...args], { env: { ...process.env, ...env }, stdio });
}

async function collect(child: Run['child']): Run['ended'] {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { stdout, stderr: stderr.toString(), code, signal };
}

/** Starts a server, and collects the errors that it reports. */
export async function serve(
  options?: ConstructorParameters<typeof ProcessProxyServer>[0],
): Promise<ProcessProxyServer & { errors: Error[] }> {
  const server = Object.assign(new ProcessProxyServer(options), { errors: [] as Error[] });
  server.on('error', (error) => server.errors.push(error));
  await server.start();
  return server;
}

/** Waits for the next connection of the server. */
export async function nextConnection(server: ProcessProxyServer): Promise<ProcessProxyConnection> {
  const [connection] = (await once(server, 'connection')) as [ProcessProxyConnection];
  return connection;
}

/** Starts an executable and waits until it has connected. */
export async function connect(
  server: ProcessProxyServer,
  options: RunOptions = {},
): Promise<Run & { connection: ProcessProxyConnection }> {
  const connected = nextConnection(server);
  const run = start({ ...server.env, ...options.env }, options);
  return { ...run, connection: await connected };
}
