import { execFileSync } from 'node:child_process';
import { realpathSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeReason, OptionsValidationError } from '../../errors.js';
import type { Permissions, ResourceLimits } from '../../options/containment.js';
import type { ProcxyOptions } from '../../types/options.js';
import type { Runtime } from './runtime.js';

export interface Containment {
  permissions: ProcxyOptions['permissions'];
  resourceLimits: ProcxyOptions['resourceLimits'];
}

/** How the agent runs, and the files that it must be able to read. */
export interface AgentFiles {
  runtime: Runtime;
  execPath: string;
  /** The agent's own file. */
  agent: string;
  /** Whether it is a copy among other files, which the child need not read. */
  isAlone: boolean;
}

/**
 * Returns the flags that set permissions and limits.
 * @throws {OptionsValidationError} for a limit that this runtime does not have
 */
export function containmentFlags({ permissions, resourceLimits }: Containment, files: AgentFiles): string[] {
  return [
    ...(permissions ? permissionFlags(permissions, files) : []),
    ...(resourceLimits ? heapFlags(resourceLimits, files.runtime) : []),
  ];
}

/** Whether it is a permission flag of the parent, which the option `permissions` replaces. */
export function isPermissionFlag(flag: string): boolean {
  return /^--(experimental-)?permission(=|$)|^--allow-/.test(flag);
}

function permissionFlags(permissions: Permissions, files: AgentFiles): string[] {
  switch (files.runtime) {
    case 'node':
      return nodeFlags(permissions, files);
    case 'deno':
      return denoFlags(permissions, files);
    default:
      throw new OptionsValidationError(
        'The option `permissions` is for children in Node and Deno: other runtimes have no such model.',
      );
  }
}

/** See https://nodejs.org/api/permissions.html. */
function nodeFlags(permissions: Permissions, files: AgentFiles): string[] {
  const { childProcess, worker, addons, network = true } = permissions;
  const { execPath } = files;
  const major = nodeMajor(execPath);
  if (!network && major < NETWORK_SINCE) {
    throw new OptionsValidationError(
      `{ permissions: { network: false } } needs Node ${NETWORK_SINCE} or later, but got Node ${major} (${execPath}). Leave it out, and block the network by other means.`,
    );
  }
  return [
    major < 22 ? '--experimental-permission' : '--permission',
    ...paths(permissions.read, filesOf(files)).map((path) => `--allow-fs-read=${path}`),
    ...paths(permissions.write).map((path) => `--allow-fs-write=${path}`),
    ...(childProcess ? ['--allow-child-process'] : []),
    ...(worker ? ['--allow-worker'] : []),
    ...(addons ? ['--allow-addons'] : []),
    ...(network && major >= NETWORK_SINCE ? ['--allow-net'] : []),
  ];
}

/** The first version of Node whose permission model includes the network. From then on, the network is refused by default. */
const NETWORK_SINCE = 25;

const majors = new Map<string, number>();

/** Returns the major version of an executable, which runs only once to get it. */
function nodeMajor(execPath: string): number {
  if (execPath === process.execPath) return Number.parseInt(process.versions.node, 10);
  let major = majors.get(execPath);
  if (major === undefined) {
    major = askMajor(execPath);
    majors.set(execPath, major);
  }
  return major;
}

function askMajor(execPath: string): number {
  const refuse = (why: string, cause?: unknown): never => {
    throw new OptionsValidationError(
      `The option \`permissions\` depends on the version of Node, but ${execPath} did not print it: ${why}.`,
      { cause },
    );
  };
  let answer: string;
  try {
    answer = execFileSync(execPath, ['-p', 'process.versions.node'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch (error) {
    return refuse(describeReason(error), error);
  }
  const major = Number.parseInt(answer, 10);
  return Number.isNaN(major) ? refuse(`it says '${answer}'`) : major;
}

/** See `deno run --help`. The agent must read its environment, and must not prompt the user. */
function denoFlags(permissions: Permissions, files: AgentFiles): string[] {
  const { childProcess, addons, network = true } = permissions;
  const list = (kind: 'read' | 'write', all: string[]): string[] => {
    const divided = all.find((path) => path.includes(','));
    if (divided !== undefined) {
      throw new OptionsValidationError(
        `\`permissions.${kind}\` cannot have a path with a comma in Deno, but got ${divided}. Name the directory that it is in.`,
      );
    }
    if (all.length === 0) return [];
    return [all.includes('*') ? `--allow-${kind}` : `--allow-${kind}=${all.join(',')}`];
  };
  return [
    '--no-prompt',
    '--allow-env',
    '--allow-sys',
    ...list('read', paths(permissions.read, filesOf(files))),
    ...list('write', paths(permissions.write)),
    ...(childProcess ? ['--allow-run'] : []),
    ...(addons ? ['--allow-ffi'] : []),
    ...(network ? ['--allow-net', '--allow-import'] : []),
  ];
}

/** Lists what the agent itself reads. */
function filesOf({ agent, isAlone }: AgentFiles): string[] {
  return isAlone ? [agent] : [dirname(agent), join(dirname(agent), '..', 'package.json')];
}

/** Lists paths, also with symbolic links resolved, since a module loader reads the target. */
function paths(given: Permissions['read'], further: readonly string[] = []): string[] {
  if (given === true) return ['*'];
  const named = [...(given ?? []).map((path) => toPath(String(path))), ...further];
  return [...new Set(named.flatMap((path) => [path, realPath(path)]))];
}

/** Spells a path in one way: Node 20 on Windows aborts if two flags name the same directory. */
function toPath(path: string): string {
  return normalize(path.startsWith('file:') ? fileURLToPath(path) : path);
}

/** Resolves symbolic links. A path that does not exist yet stays as it is. */
function realPath(path: string): string {
  try {
    const real = realpathSync(path);
    return path.endsWith(sep) && !real.endsWith(sep) ? real + sep : real;
  } catch {
    return path;
  }
}

function heapFlags({ maxOldGenerationSizeMb, maxYoungGenerationSizeMb }: ResourceLimits, runtime: Runtime): string[] {
  const flags = [
    ...(maxOldGenerationSizeMb === undefined ? [] : [`--max-old-space-size=${maxOldGenerationSizeMb}`]),
    // V8's young generation consists of three semi-spaces.
    ...(maxYoungGenerationSizeMb === undefined
      ? []
      : [`--max-semi-space-size=${Math.max(1, Math.round(maxYoungGenerationSizeMb / 3))}`]),
  ];
  if (runtime === 'node') return flags;
  if (runtime === 'deno') return flags.length > 0 ? [`--v8-flags=${flags.join(',')}`] : [];
  throw new OptionsValidationError('The option `resourceLimits` is for children in Node and Deno, which have V8.');
}
