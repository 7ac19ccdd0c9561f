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
    remedy: 'Use 0 to kill the child immediately.',
  }),
  /**
   * Environment variables, merged over the parent's. `undefined` unsets a variable.
   * @default the parent's
   */
  env: option(recordOf(text), {
    fixedAtStart: true,
    remedy: 'Environment variables are strings, and `undefined` unsets one.',
  }),
  /**
   * If `false`, the child's environment is only `env`, plus what Windows needs to start a process.
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
   * The numeric id of the user that the child runs as. That user must be able to read the agent's file and the class's module. It
   * needs a POSIX system, and the privilege to change the user.
   * @default the parent's
   */
  uid: option(userOrGroup, { fixedAtStart: true, remedy: 'Give the number that `id -u` prints.' }),
  /**
   * The numeric id of the group that the child runs as.
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
   * The name or number of the signal that asks the child to end, after the dispose hook. A class that listens for it must end the
   * child itself.
   * @default 'SIGTERM'
   */
  killSignal: option(killSignal, {
    default: 'SIGTERM',
    fixedAtStart: true,
    remedy: "For example: { killSignal: 'SIGINT' }.",
  }),
  /**
   * The child's `process.argv.slice(2)`. Values that are not strings are passed as JSON.
   * @default []
   */
  args: option(arrayOf(json), {
    default: [],
    fixedAtStart: true,
    remedy: "For example: { args: ['--level', 3] }. To pass other values, use constructor arguments.",
  }),
  /**
   * The executable that runs the child: Node, Bun or Deno. Bun and Deno are recognized by their names. With `agent`, the executable
   * that runs the agent.
   * @default process.execPath
   */
  execPath: option(
    kind<string>('the path of an executable', (value) => typeof value === 'string' && value !== ''),
    { fixedAtStart: true, remedy: 'Leave it out for the Node that runs this process.' },
  ),
  /**
   * Flags for that executable. By default, Bun gets none, and Deno gets `--allow-all`, always after `run`. Node gets the parent's
   * flags, except for `--inspect`, `--test`, `--watch`, `--eval` and the like.
   * @default the parent's
   */
  execArgv: option(arrayOf(text), {
    fixedAtStart: true,
    remedy: "To add a flag, write { execArgv: [...process.execArgv, '--expose-gc'] }.",
  }),
  /**
   * Where procxy's agent is, if the program is bundled and the package is not installed beside it: a copy of the package's file
   * `dist/agent.cjs`. The path is relative to the calling file, absolute, or a `file:` URL.
   * @default found in the package
   */
  agentPath: option(location('a path or a file: URL'), {
    fixedAtStart: true,
    remedy: "For example: './agent.cjs', a copy of node_modules/procxy/dist/agent.cjs.",
  }),
  /**
   * The channel for messages. `'ipc'`: Node's own channel. `'socket'`: a socket of procxy's own, the default for Bun,
   * Deno and `agent`. Invalid bytes on a socket end only the child that wrote them. But handles cannot cross on it, and Windows
   * does not support it.
   * @default 'ipc'
   */
  channel: option(oneOf('ipc', 'socket'), {
    fixedAtStart: true,
    remedy: 'Leave it out for the channel that the runtime of the child needs.',
  }),
  /**
   * The child's standard streams, as in `child_process.fork`. With `'pipe'`, they are `$process.stdout` and `$process.stderr`, and
   * crash errors contain the last 4 KiB of stderr.
   * @default 'inherit'
   */
  stdio: option(
    kind<StdioOptions>(
      "'inherit', 'pipe', 'ignore', 'overlapped' or an array that fork accepts",
      (value) => Array.isArray(value) || stdioNames.has(value),
    ),
    { default: 'inherit', fixedAtStart: true, remedy: "Use 'pipe' to read the child's output." },
  ),
};
