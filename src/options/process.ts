import type { StdioOptions } from 'node:child_process';
import { arrayOf, delay, flag, json, kind, location, oneOf, recordOf, text, timeLimit } from './kind.js';
import { option } from './option.js';
import { killSignal, userOrGroup } from './system.js';

const stdioNames = new Set<unknown>(['inherit', 'pipe', 'ignore', 'overlapped']);

/** How the child's process starts, runs and ends. */
export const processOptions = {
  /**
   * ms for the child's start, the import of the module and the construction together; `0` or `Infinity` for no limit.
   * @default 30000
   */
  startTimeout: option(timeLimit, { default: 30_000, fixedAtStart: false, remedy: 'Use 0 or Infinity for no limit.' }),
  /**
   * ms from `$terminate()` to SIGKILL: the time for the instance's dispose hook and a SIGTERM handler.
   * @default 5000
   */
  terminateTimeout: option(delay(0), {
    default: 5_000,
    fixedAtStart: true,
    remedy: 'Use 0 to kill the child at once.',
  }),
  /**
   * Environment variables, merged over the parent's. `undefined` unsets one.
   * @default the parent's
   */
  env: option(recordOf(text), {
    fixedAtStart: true,
    remedy: 'Environment variables are strings, and `undefined` unsets one.',
  }),
  /**
   * `false`: the child's environment is `env` alone. Only what Windows needs to start a process is added.
   * @default true
   */
  inheritEnv: option(flag, {
    default: true,
    fixedAtStart: true,
    remedy: 'Set it to false to give the child only `env`.',
  }),
  /**
   * The child's working directory.
   * @default the parent's
   */
  cwd: option(location('a path or a file: URL'), { fixedAtStart: true, remedy: 'Name a directory that exists.' }),
  /**
   * The user that the child runs as: a number. That user must be able to read the agent's file and the class's module. Needs the
   * privilege to change it, and a POSIX system.
   * @default the parent's
   */
  uid: option(userOrGroup, { fixedAtStart: true, remedy: 'Give the number that `id -u` prints.' }),
  /**
   * The group that the child runs as: a number.
   * @default the parent's
   */
  gid: option(userOrGroup, { fixedAtStart: true, remedy: 'Give the number that `id -g` prints.' }),
  /**
   * Hides the console window that Windows would open for the child.
   * @default false
   */
  windowsHide: option(flag, {
    default: false,
    fixedAtStart: true,
    remedy: 'Set it to true to open no console window on Windows.',
  }),
  /**
   * The signal that asks the child to end, after the dispose hook: a name or a number. A class that listens to it ends the child
   * itself.
   * @default 'SIGTERM'
   */
  killSignal: option(killSignal, {
    default: 'SIGTERM',
    fixedAtStart: true,
    remedy: "For example: { killSignal: 'SIGINT' }.",
  }),
  /**
   * What the child sees as `process.argv.slice(2)`. A value that is not a string is passed as JSON.
   * @default []
   */
  args: option(arrayOf(json), {
    default: [],
    fixedAtStart: true,
    remedy: "For example: { args: ['--level', 3] }. To pass other values, use constructor arguments.",
  }),
  /**
   * The executable that runs the child: Node, or Bun or Deno, which are known by its name. With `agent`, what runs that.
   * @default process.execPath
   */
  execPath: option(
    kind<string>('the path of an executable', (value) => typeof value === 'string' && value !== ''),
    { fixedAtStart: true, remedy: 'Leave it out for the Node that runs this process.' },
  ),
  /**
   * Flags for that executable. Bun gets none by default, Deno `--allow-all`; Deno is told to `run`. From the parent's are left out:
   * `--inspect`, `--test`, `--watch` and `--eval`.
   * @default the parent's
   */
  execArgv: option(arrayOf(text), {
    fixedAtStart: true,
    remedy: "To add a flag, write { execArgv: [...process.execArgv, '--expose-gc'] }.",
  }),
  /**
   * What messages travel on. `'ipc'`: Node's own channel. `'socket'`: a Unix socket that the child inherits. Whatever bytes a child
   * writes there harm it alone, but handles do not cross, and Windows does not have it. It is the default for Bun, Deno and `agent`.
   * @default 'ipc'
   */
  channel: option(oneOf('ipc', 'socket'), {
    fixedAtStart: true,
    remedy: 'Leave it out for the channel that the runtime of the child needs.',
  }),
  /**
   * The child's standard streams, as `child_process.fork` has them. With `'pipe'` they are
   * `$process.stdout` and `$process.stderr`, and crash errors carry the last 4 KiB of stderr.
   * @default 'inherit'
   */
  stdio: option(
    kind<StdioOptions>(
      "'inherit', 'pipe', 'ignore', 'overlapped' or an array of what fork takes",
      (value) => Array.isArray(value) || stdioNames.has(value),
    ),
    { default: 'inherit', fixedAtStart: true, remedy: "Use 'pipe' to read the child's output." },
  ),
};
